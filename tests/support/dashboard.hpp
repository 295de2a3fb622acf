#pragma once

#include "tests/paths.hpp"

#include <nlohmann/json.hpp>

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>

namespace weir::test {

/// A file of the source tree.
inline std::string read_source(const std::string& path) {
  std::ifstream file{WEIR_SOURCE_DIR "/" + path};
  if (!file) throw std::runtime_error("no file " + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The Grafana dashboard.
struct dashboard {
  nlohmann::json json;

  static dashboard load() { return {nlohmann::json::parse(read_source("docs/grafana-dashboard.json"))}; }

  /// Names of all metrics that its queries ask for; a histogram's without `_bucket`.
  std::set<std::string> metrics() const {
    std::set<std::string> out;
    for (auto& panel : json.at("panels"))
      if (panel.contains("targets"))
        for (auto& target : panel.at("targets")) add_names(target.at("expr").get<std::string>(), out);
    return out;
  }

private:
  static void add_names(const std::string& query, std::set<std::string>& to) {
    auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    for (std::size_t i = 0; i < query.size();) {
      if (!is_part(query[i])) {
        ++i;
        continue;
      }
      auto begin = i;
      while (i < query.size() && is_part(query[i])) ++i;
      auto word = query.substr(begin, i - begin);
      if (word.compare(0, 5, "weir_") != 0 && word.compare(0, 4, "caf_") != 0) continue;
      if (auto at = word.rfind("_bucket"); at != std::string::npos && at + 7 == word.size()) word.resize(at);
      to.insert(word);
    }
  }
};

} // namespace weir::test
