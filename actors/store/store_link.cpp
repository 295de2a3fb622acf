#include "actors/store/store_link.hpp"

namespace weir {

store_link::store_link(caf::event_based_actor* self, store_handle to, durability keep)
  : self_(self), to_(std::move(to)), keep_(keep) {}

refusal store_link::write(std::vector<store_write> writes, on_commit then) {
  if (!exists()) {
    store_committed done;
    done.writes.resize(writes.size());
    then(done);
    return {};
  }
  for (auto& x : writes) x.guard = to_.guard;
  auto id = next_id_++;
  if (auto no = to_.box->offer(self_, to_.actor, store_batch{id, keep_, std::move(writes)}); no.refused())
    return no;
  commits_.emplace(id, std::move(then));
  return {};
}

bool store_link::try_write(std::vector<store_write> writes) {
  return !write(std::move(writes), [](const store_committed&) {}).refused();
}

refusal store_link::read(request what, on_answer then) {
  auto id = next_id_++;
  if (auto no = to_.box->offer(self_, to_.actor, store_read{id, std::move(what)}); no.refused()) return no;
  reads_.emplace(id, std::move(then));
  return {};
}

void store_link::on_committed(const store_committed& what) {
  if (auto node = commits_.extract(what.id); !node.empty()) node.mapped()(what);
}

void store_link::on_answered(store_answer& what) {
  if (auto node = reads_.extract(what.id); !node.empty()) node.mapped()(what);
}

void store_link::close() {
  commits_.clear();
  reads_.clear();
  to_ = {};
}

} // namespace weir
