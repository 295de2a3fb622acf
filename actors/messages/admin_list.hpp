#pragma once

#include "actors/messages/namespace.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

/// Joins what several actors answer to an `admin_query` into one JSON list, which it delivers once all of
/// them have answered, or have been given up.
class admin_list {
public:
  /// @param answers how many there will be, at least one.
  admin_list(caf::typed_response_promise<admin_answer> to, std::size_t answers)
    : to_(std::move(to)), missing_(answers) {}

  /// @param items JSON texts joined by commas; empty: none, the answer did not come.
  void take(std::string_view items) {
    if (!items.empty()) (items_ += items_.empty() ? "" : ",") += items;
    if (--missing_ == 0) to_.deliver(admin_answer{{}, '[' + items_ + ']'});
  }

  /// @param list as another one has delivered it.
  void take_list(std::string_view list) { take(list.substr(1, list.size() - 2)); }

private:
  caf::typed_response_promise<admin_answer> to_;
  std::size_t missing_;
  std::string items_;
};

/// Hands a query on, and its answer, or its error, back. @param self must be handling a request.
template <class Self, class Timeout>
caf::result<admin_answer> pass_query(Self* self, const caf::actor& whom, Timeout timeout,
                                     const admin_query& what) {
  auto promise = self->template make_response_promise<admin_answer>();
  self->request(whom, timeout, what)
      .then([promise](admin_answer& got) mutable { promise.deliver(std::move(got)); },
            [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

} // namespace weir
