#include "actors/cluster/links/unproven_links.hpp"

namespace weir {

void unproven_links::add(const std::shared_ptr<accepted_link>& link, time_point now) {
  forget_proven();
  if (links_.size() >= max_) {
    auto oldest = links_.front().link.lock();
    links_.pop_front();
    if (oldest) oldest->give_up("it has not shown who it is, and others wait");
  }
  links_.push_back({link, now});
}

void unproven_links::expire(time_point now) {
  forget_proven();
  while (!links_.empty() && now - links_.front().since >= patience_) {
    auto oldest = links_.front().link.lock();
    links_.pop_front();
    if (oldest) oldest->give_up("it has not shown who it is in time");
  }
}

void unproven_links::forget_proven() {
  std::erase_if(links_, [](const entry& x) {
    auto link = x.link.lock();
    return !link || link->is_proven();
  });
}

} // namespace weir
