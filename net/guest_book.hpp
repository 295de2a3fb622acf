#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace weir {

/// Sockets of one I/O thread that are no client's connection yet: those in a handshake, or plain HTTP between
/// two requests. Bound: `max`. Overflow policy: addresses share the places; a newcomer takes that of the
/// oldest guest of the address that has most of them, or is refused when that is its own. Plain, one thread;
/// must outlive its guests' places.
class guest_book {
public:
  /// A guest's place, as long as it lives.
  class place {
  public:
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /// Whose place it is now: to be called once when the place is taken away, from inside `enter`.
    void evict_by(std::function<void()> evict) { evict_ = std::move(evict); }

  private:
    friend class guest_book;
    place(guest_book& book, std::string address) : book_(&book), address_(std::move(address)) {}

    guest_book* book_; // null once it was taken away
    std::string address_;
    std::list<place*>::iterator at_;
    std::function<void()> evict_;
  };

  explicit guest_book(std::size_t max) : max_(max) {}

  guest_book(const guest_book&) = delete;
  guest_book& operator=(const guest_book&) = delete;

  /// Null: there is no room for one more of this address.
  std::unique_ptr<place> enter(const std::string& address);

  /// Takes away the place that `enter` would, for other reasons than its bound. @returns whether there was
  /// one that is not of `address` alone.
  bool make_room(const std::string& address);

  std::size_t size() const noexcept { return size_; }
  std::size_t size_of(const std::string& address) const;
  std::uint64_t evicted() const noexcept { return evicted_; }

private:
  using guests = std::list<place*>; // the oldest first

  void leave(place& x);

  std::size_t max_;
  std::size_t size_ = 0;
  std::uint64_t evicted_ = 0;
  std::map<std::string, guests> by_address_; // no empty one
};

} // namespace weir
