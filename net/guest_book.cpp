#include "net/guest_book.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace weir {

guest_book::place::~place() {
  if (book_ != nullptr) book_->leave(*this);
}

std::unique_ptr<guest_book::place> guest_book::enter(const std::string& address) {
  if (size_ >= max_ && !make_room(address)) return nullptr;
  auto out = std::unique_ptr<place>{new place{*this, address}};
  auto& all = by_address_[address];
  out->at_ = all.insert(all.end(), out.get());
  ++size_;
  assert(size_ <= max_);
  return out;
}

bool guest_book::make_room(const std::string& address) {
  auto fewer = [](auto& x, auto& y) { return x.second.size() < y.second.size(); };
  auto most = std::max_element(by_address_.begin(), by_address_.end(), fewer);
  // With one more the newcomer's address must not have more than the other has left.
  if (most == by_address_.end() || size_of(address) + 1 >= most->second.size()) return false;
  auto* oldest = most->second.front();
  leave(*oldest);
  oldest->book_ = nullptr;
  ++evicted_;
  if (auto evict = std::exchange(oldest->evict_, nullptr)) evict();
  return true;
}

std::size_t guest_book::size_of(const std::string& address) const {
  auto i = by_address_.find(address);
  return i == by_address_.end() ? 0 : i->second.size();
}

void guest_book::leave(place& x) {
  auto i = by_address_.find(x.address_);
  assert(i != by_address_.end());
  i->second.erase(x.at_);
  if (i->second.empty()) by_address_.erase(i);
  --size_;
}

} // namespace weir
