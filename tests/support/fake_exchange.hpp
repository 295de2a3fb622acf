#pragma once

#include "net/http/http_service.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weir::test {

/// A request that no socket brought; keeps its answer.
class fake_exchange : public http_exchange {
public:
  explicit fake_exchange(http_request request) : request_(std::move(request)) {}

  http_request& request() override { return request_; }
  void reply(http_reply what) override {
    if (!answer) answer = std::move(what);
  }
  void begin(http_reply head) override { answer = std::move(head); }
  bool write(std::string_view piece) override { return streamed += piece, true; }
  void end() override { ended = true; }
  bool is_open() const override { return !ended; }
  void on_writable(std::function<void()>) override {}
  void on_gone(std::function<void()>) override {}

  std::optional<http_reply> answer;
  std::string streamed;
  bool ended = false;

private:
  http_request request_;
};

inline http_request http_get(std::string target) {
  http_request out;
  out.method = "GET";
  out.target = std::move(target);
  out.fields = {{"host", "localhost"}};
  return out;
}

inline http_request http_post(std::string target, std::string body,
                              std::string content_type = "application/json") {
  auto out = http_get(std::move(target));
  out.method = "POST";
  out.has_body = !body.empty();
  out.body = std::move(body);
  out.fields.push_back({"content-type", std::move(content_type)});
  return out;
}

/// What a service answers at once; status 0: it answers later.
inline http_reply answer_of(const http_service& service, http_request request) {
  auto admitted = service.admit(request);
  if (auto* no = std::get_if<http_reply>(&admitted)) return *no;
  auto exchange = std::make_shared<fake_exchange>(std::move(request));
  std::get<route_table::match>(admitted).route->handle(exchange);
  http_reply later;
  later.status = 0;
  return exchange->answer.value_or(later);
}

} // namespace weir::test
