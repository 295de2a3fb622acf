#pragma once

#include <memory>
#include <string>
#include <unordered_map>

namespace caf {
class actor_system;
} // namespace caf

namespace weir {

/// What is measured under each label, found at once. CAF looks through all labels of a family for each metric
/// that is asked for, so with a thousand of them whoever asks for forty metrics would look at forty thousand.
///
/// Metrics is made of an actor system and a label. Bound: what is found here is in CAF's registry for good,
/// so this keeps it as long; a node makes at most `max_namespace_labels` labels and `other`. Any one thread.
template <class Metrics>
class label_book {
public:
  /// @param sys must outlive what is found.
  explicit label_book(caf::actor_system& sys) : sys_(sys) {}

  std::shared_ptr<Metrics> of(const std::string& label) {
    auto& x = known_[label];
    if (!x) x = std::make_shared<Metrics>(sys_, label);
    return x;
  }

private:
  caf::actor_system& sys_;
  std::unordered_map<std::string, std::shared_ptr<Metrics>> known_;
};

} // namespace weir
