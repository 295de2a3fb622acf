#include "net/client_access.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;
const client_access::time_point now{1h};

client_access access_of(const std::string& rights_json, std::int64_t expires_in_ms = 0) {
  auto who = std::make_shared<client_identity>();
  who->client_id = "alice";
  who->may = std::get<auth::rights>(auth::parse_rights(rights_json, "alice"));
  if (expires_in_ms != 0) who->expires_ms = now_ms + expires_in_ms;
  return {who, "alice", now, now_ms};
}

bool allows(const std::string& rights_json, const wire::client_frame& frame) {
  auto err = access_of(rights_json).check(frame);
  if (err.refused()) CHECK(err.status == code::forbidden);
  return !err.refused();
}

event about(const std::string& type, const std::string& client_id, const std::string& data) {
  event out;
  out.type = type;
  out.client_id = client_id;
  out.data = data;
  return out;
}

} // namespace

TEST_CASE("each kind of frame needs its right", "[auth]") {
  wire::publish publish;
  publish.type = "chat.a";
  auto published_as = publish;
  published_as.as = "bob";
  wire::subscribe subscribe;
  subscribe.pattern = "chat.*";
  auto queued = subscribe;
  queued.queue = "jobs";
  wire::call call;
  call.target = "assistant";
  wire::history history;
  history.pattern = "chat.*";
  wire::history all_of_it;
  wire::cancel own_cancel{"alice/1"}, other_cancel{"bob/1"}, similar_cancel{"alice2/1"};
  wire::watch own_watch{"alice/1", 0}, other_watch{"bob/1", 0};
  struct row {
    const char* name;
    wire::client_frame frame;
    const char *given, *not_given;
  };
  const std::vector<row> rows{
      {"publish", publish, R"({"publish":["chat.>"]})", R"({"publish":["news.>"]})"},
      {"publish as another", published_as, R"({"publish":["chat.>"],"as":["bob"]})",
       R"({"publish":["chat.>"]})"},
      {"subscribe", subscribe, R"({"subscribe":["chat.>"]})", R"({"subscribe":["chat.a"]})"},
      {"subscribe to a queue", queued, R"({"subscribe":["chat.>"],"queue":["jobs"]})",
       R"({"subscribe":["chat.>"]})"},
      {"call", call, R"({"call":["assistant"]})", R"({"call":["other"]})"},
      {"history", history, R"({"history":true,"subscribe":["chat.*"]})", R"({"history":true})"},
      {"history without the right", history, R"({"history":true,"subscribe":["chat.*"]})",
       R"({"subscribe":["chat.*"]})"},
      {"all of the history", all_of_it, R"({"history":true,"subscribe":[">"]})",
       R"({"history":true,"subscribe":["chat.>"]})"},
      {"presence", wire::presence{}, R"({"presence":true})", "{}"},
      {"cancel its own", own_cancel, R"({"cancel":"own"})", "{}"},
      {"cancel another's", other_cancel, R"({"cancel":"any"})", R"({"cancel":"own"})"},
      {"cancel of a client whose name begins the same", similar_cancel, R"({"cancel":"any"})",
       R"({"cancel":"own"})"},
      {"watch its own", own_watch, R"({"watch":"own"})", "{}"},
      {"watch another's", other_watch, R"({"watch":"any"})", R"({"watch":"own"})"},
  };
  for (const auto& [name, frame, given, not_given] : rows) {
    INFO(name);
    CHECK(allows(given, frame));
    CHECK_FALSE(allows(not_given, frame));
  }
}

TEST_CASE("what needs no right is for everyone who is in", "[auth]") {
  for (const wire::client_frame& frame :
       std::vector<wire::client_frame>{wire::ping{}, wire::ack{}, wire::nack{}, wire::unsubscribe{},
                                       wire::unwatch{}, wire::authenticate{}, wire::delta{}, wire::result{}})
    CHECK(allows("{}", frame));
}

TEST_CASE("events about runs and presence are shown to who may see those", "[auth]") {
  auto own = access_of(R"({"subscribe":[">"],"watch":"own"})");
  auto any = access_of(R"({"subscribe":[">"],"watch":"any","presence":true})");
  auto none = access_of(R"({"subscribe":[">"]})");
  auto mine = about("sys.run.started", "sys", R"({"run_id":"alice/1","target":"a"})");
  auto others = about("sys.run.started", "sys", R"({"run_id":"bob/1","target":"a"})");
  auto named_alike = about("sys.run.started", "sys", R"({"run_id":"alice2/1"})");
  auto without_run = about("sys.run.started", "sys", R"({})");
  auto my_call = about("sys.call.assistant", "alice", "{}");
  auto others_call = about("sys.call.assistant", "bob", R"({"run_id":"alice/1"})");
  auto joined = about("sys.presence.joined", "sys", "{}");
  auto plain = about("chat.a", "bob", "{}");
  CHECK(own.may_see(mine));
  CHECK_FALSE(own.may_see(others));
  CHECK_FALSE(own.may_see(named_alike));
  CHECK_FALSE(own.may_see(without_run));
  CHECK(own.may_see(my_call));
  CHECK_FALSE(own.may_see(others_call));
  CHECK_FALSE(own.may_see(joined));
  CHECK(own.may_see(plain));
  for (const auto* shown : {&mine, &others, &my_call, &others_call, &joined, &plain})
    CHECK(any.may_see(*shown));
  for (const auto* shown : {&mine, &others, &my_call, &others_call, &joined})
    CHECK_FALSE(none.may_see(*shown));
}

TEST_CASE("a token's end is measured by the monotonic clock, and warned of once", "[auth]") {
  auto access = access_of("{}", 600'000);
  CHECK(access.expires());
  CHECK(access.expires_in_ms(now) == 600'000);
  CHECK(access.next_look() == now + 540s);
  CHECK_FALSE(access.take_warning(now + 539s));
  CHECK(access.take_warning(now + 540s));
  CHECK_FALSE(access.take_warning(now + 541s));
  CHECK(access.next_look() == now + 600s);
  CHECK_FALSE(access.has_expired(now + 599s));
  CHECK(access.has_expired(now + 600s));
  CHECK(access.expires_in_ms(now + 700s) == 0);
}

TEST_CASE("a short token is warned of a fifth of its life ahead", "[auth]") {
  CHECK(access_of("{}", 10'000).next_look() == now + 8s);
  CHECK_FALSE(access_of("{}").expires());
  CHECK(access_of("{}", -1).has_expired(now));
}
