#include "actors/store/witnessed_store.hpp"

#include "actors/store/witness.hpp"

#include <algorithm>

namespace weir {

namespace {

class witnessed_store : public store {
public:
  witnessed_store(std::unique_ptr<store> what, witness_config settings)
    : store_(std::move(what)), sole_writer_(settings.sole_writer) {
    if (settings.path.empty())
      witness_ = std::make_unique<witness>();
    else
      witness_ = std::make_unique<witness>(std::move(settings.path), std::move(settings.machine_life));
  }

  group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) override {
    auto out = store_->write(group, now_ms);
    if (out.no.refused()) return out;
    auto keep = durability::none;
    for (auto* x : group) keep = std::max(keep, x->keep);
    for (std::size_t i = 0; i < group.size(); ++i)
      for (std::size_t k = 0; k < group[i]->writes.size(); ++k)
        if (!out.batches[i][k].no.refused()) note(group[i]->writes[k], keep == durability::power);
    witness_->flush();
    return out;
  }

  outcome<log_state> state_of_log(const std::string& ns) override {
    auto out = store_->state_of_log(ns);
    if (auto* x = std::get_if<log_state>(&out)) compare(ns, *x);
    return out;
  }

  refusal check() override {
    witness_->sync();
    return store_->check();
  }

  outcome<std::string> copy_some() override { return store_->copy_some(); }

  outcome<log_read> read_log(const std::string& ns, const log_request& what) override {
    return store_->read_log(ns, what);
  }

  outcome<std::optional<event_place>> find_event(const std::string& ns, const std::string& client_id,
                                                 const std::string& message_id) override {
    return store_->find_event(ns, client_id, message_id);
  }

  outcome<std::vector<event_mark>> newest_ids(const std::string& ns, std::uint64_t limit,
                                              std::int64_t max_age_ms) override {
    return store_->newest_ids(ns, limit, max_age_ms);
  }

  outcome<std::optional<key_entry>> get(const std::string& ns, const std::string& key,
                                        std::int64_t now_ms) override {
    return store_->get(ns, key, now_ms);
  }

  outcome<std::vector<key_entry>> scan(const std::string& ns, const std::string& prefix,
                                       const std::string& after, std::uint64_t limit,
                                       std::int64_t now_ms) override {
    return store_->scan(ns, prefix, after, limit, now_ms);
  }

  outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) override {
    return store_->sweep(now_ms, max);
  }

private:
  void note(const store_write& what, bool synced) {
    if (auto* append = std::get_if<log_append>(&what.what)) {
      if (!append->records.empty())
        witness_->note(append->ns, append->epoch, append->records.back().what->seq, synced);
    } else if (auto* reset = std::get_if<log_reset>(&what.what)) {
      // Again with the same epoch it changed nothing.
      if (auto* known = witness_->find(reset->ns); known == nullptr || known->epoch != reset->epoch)
        witness_->note(reset->ns, reset->epoch, 0, synced);
    } else if (auto* drop = std::get_if<namespace_drop>(&what.what)) {
      witness_->forget(drop->ns);
    } else if (auto* rename = std::get_if<log_rename>(&what.what)) {
      if (auto found = store_->state_of_log(rename->ns); auto* x = std::get_if<log_state>(&found))
        witness_->note(rename->ns, rename->epoch, x->head, synced);
    }
  }

  void compare(const std::string& ns, log_state& found) const {
    auto* told = witness_->find(ns);
    if (told == nullptr || found.integrity == log_integrity::broken) return;
    if (found.epoch.empty()) {
      if (sole_writer_)
        behind(found, "nothing of it is there, and " + std::to_string(told->head) + " was acknowledged");
      return;
    }
    auto same = told->epoch == found.epoch;
    if (same && found.head < told->head)
      return behind(found, "it ends at " + std::to_string(found.head) + ", and " + std::to_string(told->head)
                               + " was acknowledged");
    if (!same && sole_writer_)
      return behind(found, "it is history " + found.epoch + ", and " + told->epoch + " was acknowledged");
    if (same && told->suspect && sole_writer_)
      return behind(found, "the machine stopped while it was written to");
    // What only might have been lost was not.
    if (same && sole_writer_) found.integrity = log_integrity::whole, found.why.clear();
  }

  static void behind(log_state& found, std::string why) {
    found.integrity = log_integrity::behind;
    found.why = std::move(why);
  }

  outcome<lease_grant> change_lease(const std::string& name, const lease_change& change) override {
    return store_->change_lease(name, change);
  }

  std::unique_ptr<store> store_;
  std::unique_ptr<witness> witness_;
  bool sole_writer_;
};

} // namespace

std::unique_ptr<store> make_witnessed_store(std::unique_ptr<store> what, witness_config settings) {
  return std::make_unique<witnessed_store>(std::move(what), std::move(settings));
}

} // namespace weir
