#include "net/http/route_table.hpp"

#include <algorithm>
#include <memory>

namespace weir {

namespace {

constexpr std::string_view rest_mark = "…}";

bool is_variable(std::string_view segment) { return segment.substr(0, 1) == "{"; }

bool is_rest(std::string_view segment) {
  return is_variable(segment) && segment.size() > rest_mark.size()
         && segment.substr(segment.size() - rest_mark.size()) == rest_mark;
}

/// The segments between the slashes of a path that begins with one. `/a/` has an empty last one.
std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto slash = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

/// Text sorts before `{name}`, and `{name}` before `{name…}`, segment by segment.
bool goes_before(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  auto rank = [](const std::string& x) { return is_rest(x) ? 2 : is_variable(x) ? 1 : 0; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](auto& x, auto& y) { return rank(x) < rank(y); });
}

} // namespace

bool route_table::entry::fits(const std::vector<std::string>& path, std::vector<std::string>& params) const {
  params.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_rest(segments[i])) {
      if (i >= path.size()) return false;
      std::string rest = path[i];
      for (auto j = i + 1; j < path.size(); ++j) rest += '/' + path[j];
      params.push_back(std::move(rest));
      return !params.back().empty();
    }
    if (i >= path.size()) return false;
    if (is_variable(segments[i])) {
      if (path[i].empty()) return false;
      params.push_back(path[i]);
    } else if (segments[i] != path[i]) {
      return false;
    }
  }
  return path.size() == segments.size();
}

std::string route_table::entry::allowed() const {
  std::string out;
  for (auto& x : routes) out += x.method == "GET" ? "GET, HEAD, " : x.method + ", ";
  if (websocket && out.find("GET") == std::string::npos) out += "GET, ";
  return out + "OPTIONS";
}

route_table::entry& route_table::entry_of(const std::string& pattern) {
  auto there =
      std::find_if(entries_.begin(), entries_.end(), [&](const entry& x) { return x.pattern == pattern; });
  if (there != entries_.end()) return *there;
  entry made;
  made.pattern = pattern;
  made.segments = split(pattern);
  auto at = std::find_if(entries_.begin(), entries_.end(),
                         [&](const entry& x) { return goes_before(made.segments, x.segments); });
  return *entries_.insert(at, std::move(made));
}

void route_table::add(http_route route) {
  auto& to = entry_of(route.pattern).routes;
  to.push_back(std::move(route));
}

void route_table::add(websocket_route route) {
  auto& to = entry_of(route.pattern).websocket;
  to = std::move(route);
}

void route_table::get(std::string pattern, std::function<http_reply(const http_request&)> answer) {
  http_route made;
  made.method = "GET";
  made.pattern = std::move(pattern);
  made.handle = [answer = std::move(answer)](const std::shared_ptr<http_exchange>& x) {
    x->reply(answer(x->request()));
  };
  add(std::move(made));
}

std::variant<route_table::match, http_reply> route_table::find(const http_request& request) const {
  match out;
  if (request.path == "*") {
    out.allowed = "GET, HEAD, POST, DELETE, OPTIONS";
    return out;
  }
  auto path = split(request.path);
  for (auto& x : path) {
    std::string decoded;
    if (!percent_decode(x, decoded)) return error_reply(400, "malformed", "the path is not in order");
    x = std::move(decoded);
  }
  for (auto& x : entries_) {
    if (!x.fits(path, out.params)) continue;
    out.allowed = x.allowed();
    auto wanted = request.method == "HEAD" ? std::string{"GET"} : request.method;
    for (auto& route : x.routes)
      if (route.method == wanted) out.route = &route;
    if (x.websocket && wanted == "GET") out.websocket = &*x.websocket;
    if (out.route == nullptr && out.websocket == nullptr && request.method != "OPTIONS")
      return bad_method_reply(out.allowed);
    return out;
  }
  return not_found_reply(request.path);
}

} // namespace weir
