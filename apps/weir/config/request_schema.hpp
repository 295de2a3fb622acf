#pragma once

#include "actors/messages/chat.hpp"
#include "apps/weir/config/schema.hpp"

#include <map>
#include <string>

namespace weir {

/// How a model is to answer: an object, each key of which may be missing or null.
schema::type_ptr<model_options> request_schema();

/// An object of texts, at most 32. `range` says in the documentation what they are.
schema::type_ptr<std::map<std::string, std::string>>
text_map(std::string range, std::function<std::string(std::string_view)> rule = nullptr);

} // namespace weir
