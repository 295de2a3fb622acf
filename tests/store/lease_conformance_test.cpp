#include "tests/store/store_kinds.hpp"

using namespace weir;
using namespace weir::test;

namespace {

refusal fenced_put(store& to, std::uint64_t epoch, std::string value) {
  store_batch batch;
  batch.writes.push_back({key_put{"demo", "k", std::move(value), 0, {}}, {"ns/demo", epoch}});
  return to.write(batch, 0).batches.at(0).at(0).no;
}

} // namespace

WEIR_STORE_TEST("a lease has one owner at a time and each new one gets a higher epoch") {
  TestType kind;
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0));
  CHECK(a.granted);
  CHECK(a.epoch > 0);
  CHECK(a.owner == "n1");
  CHECK(a.expires_ms == 100);

  auto b = must((*kind).acquire("ns/demo", "n2", 100, 99));
  CHECK(!b.granted);
  CHECK(b.owner == "n1");
  CHECK(b.epoch == a.epoch);
  CHECK(b.expires_ms == 100);

  auto c = must((*kind).acquire("ns/demo", "n2", 100, 100));
  CHECK(c.granted);
  CHECK(c.epoch > a.epoch);
  CHECK(must((*kind).acquire("ns/other", "n1", 100, 100)).granted);
}

WEIR_STORE_TEST("an owner prolongs its lease and keeps the epoch") {
  TestType kind;
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0));
  auto b = must((*kind).renew("ns/demo", "n1", a.epoch, 100, 50));
  CHECK(b.granted);
  CHECK(b.epoch == a.epoch);
  CHECK(b.expires_ms == 150);
  auto c = must((*kind).acquire("ns/demo", "n1", 100, 100));
  CHECK(c.granted);
  CHECK(c.epoch == a.epoch);
  CHECK(!must((*kind).renew("ns/demo", "n1", a.epoch, 100, 200)).granted);  // expired
  CHECK(must((*kind).acquire("ns/demo", "n1", 100, 200)).epoch == a.epoch); // nobody has had it since
}

WEIR_STORE_TEST("only the owner renews and releases a lease") {
  TestType kind;
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0));
  CHECK(!must((*kind).renew("ns/demo", "n2", a.epoch, 100, 10)).granted);
  CHECK(!must((*kind).renew("ns/demo", "n1", a.epoch + 1, 100, 10)).granted);
  CHECK(!must((*kind).renew("unknown", "n1", 1, 100, 10)).granted);
  CHECK(must((*kind).release("ns/demo", "n2", a.epoch, 10)).owner == "n1");
  CHECK(must((*kind).release("ns/demo", "n1", a.epoch + 1, 10)).owner == "n1");
  CHECK(must((*kind).release("ns/demo", "n1", a.epoch, 10)).owner.empty());
  auto b = must((*kind).acquire("ns/demo", "n2", 100, 11));
  CHECK(b.granted);
  CHECK(b.epoch > a.epoch);
}

WEIR_STORE_TEST("a deposed owner's writes are refused and its successor's are not") {
  TestType kind;
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0)).epoch;
  CHECK(!fenced_put(*kind, a, "one").refused());
  auto b = must((*kind).acquire("ns/demo", "n2", 100, 100)).epoch;
  auto no = fenced_put(*kind, a, "late");
  CHECK(no.status == code::conflict);
  CHECK(no.reason == store_reason::fenced);
  CHECK(must((*kind).get("demo", "k", 0))->value == "one");
  CHECK(!fenced_put(*kind, b, "two").refused());
  CHECK(must((*kind).get("demo", "k", 0))->value == "two");
}

WEIR_STORE_TEST("an owner whose lease expired writes on until another has it, a released one does not") {
  TestType kind;
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0)).epoch;
  store_batch late;
  late.writes.push_back({append("demo", 1, 1), {"ns/demo", a}});
  CHECK(!(*kind).write(late, 5000).batches.at(0).at(0).no.refused());
  must((*kind).release("ns/demo", "n1", a, 6000));
  CHECK(fenced_put(*kind, a, "x").reason == store_reason::fenced);
  CHECK(fenced_put(*kind, a + 1, "x").reason == store_reason::fenced);
}

WEIR_STORE_TEST("a fence stops its own write only, and one on an unknown lease stops it") {
  TestType kind;
  store_batch batch;
  batch.writes.push_back({append("demo", 1, 1), {"unknown", 1}});
  batch.writes.push_back({append("demo", 1, 1), {}});
  auto out = (*kind).write(batch, 0).batches.at(0);
  CHECK(out[0].no.reason == store_reason::fenced);
  CHECK(!out[1].no.refused());
}

WEIR_STORE_TEST("who has a lease can be looked up, which changes nothing") {
  TestType kind;
  CHECK(must((*kind).look("ns/demo", 0)).owner.empty());
  auto a = must((*kind).acquire("ns/demo", "n1", 100, 0));
  auto seen = must((*kind).look("ns/demo", 50));
  CHECK(!seen.granted);
  CHECK(seen.owner == "n1");
  CHECK(seen.epoch == a.epoch);
  CHECK(seen.expires_ms == 100);
  CHECK(must((*kind).look("ns/demo", 100)).owner == "n1"); // by whose clock its time is over is not said
  CHECK(must((*kind).renew("ns/demo", "n1", a.epoch, 100, 60)).granted);
  must((*kind).release("ns/demo", "n1", a.epoch, 60));
  CHECK(must((*kind).look("ns/demo", 60)).owner.empty());
  CHECK(must((*kind).look("ns/demo", 60)).epoch == a.epoch);
}
