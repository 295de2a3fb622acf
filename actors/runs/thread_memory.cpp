#include "actors/runs/thread_memory.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

using nlohmann::json;

std::size_t bytes_of(const conversation& x) noexcept {
  std::size_t out = 0;
  for (auto& message : x) out += message.content.size();
  return out;
}

} // namespace

std::string encode_conversation(const conversation& x) {
  auto out = json::array();
  for (auto& message : x) out.push_back({message.role, message.content});
  return print_json(out);
}

conversation decode_conversation(const std::string& text) {
  conversation out;
  try {
    for (auto& message : json::parse(text))
      out.push_back({message.at(0).get<std::string>(), message.at(1).get<std::string>()});
  } catch (const json::exception&) {
    return {};
  }
  return out;
}

void remember(conversation& x, std::string question, std::string answer, std::size_t max_messages,
              std::size_t max_bytes) {
  x.push_back({"user", std::move(question)});
  x.push_back({"assistant", std::move(answer)});
  auto bytes = bytes_of(x);
  std::size_t first = 0;
  while (first < x.size() && (x.size() - first > max_messages || bytes > max_bytes)) {
    bytes -= x[first].content.size() + x[first + 1].content.size();
    first += 2;
  }
  x.erase(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(first));
}

const conversation* thread_memory::find(const std::string& key, std::int64_t now_ms) {
  auto i = entries_.find(key);
  if (i == entries_.end()) return nullptr;
  if (i->second.used_ms + ttl_ms_ <= now_ms) {
    erase(i);
    return nullptr;
  }
  i->second.used_ms = now_ms;
  order_.splice(order_.end(), order_, i->second.place);
  return &i->second.what;
}

void thread_memory::put(const std::string& key, conversation x, std::int64_t now_ms) {
  if (auto i = entries_.find(key); i != entries_.end()) erase(i);
  auto place = order_.insert(order_.end(), key);
  auto bytes = bytes_of(x);
  bytes_ += bytes;
  entries_[key] = {std::move(x), bytes, now_ms, place};
  while (entries_.size() > max_threads_ || (bytes_ > max_bytes_ && entries_.size() > 1)) {
    erase(entries_.find(order_.front()));
    ++dropped_;
  }
}

void thread_memory::erase(std::map<std::string, entry>::iterator i) {
  bytes_ -= i->second.bytes;
  order_.erase(i->second.place);
  entries_.erase(i);
}

} // namespace weir
