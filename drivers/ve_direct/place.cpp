#include "place.hpp"

#include <cmath>

namespace bms::ve_direct {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

template <class Map>
void store_named(Map& map, std::string_view name, std::optional<double> value) {
  if (value) {
    map.insert_or_assign(std::string(name), *value);
  } else if (map.contains(name)) {
    map.erase(std::string(name));
  }
}

}  // namespace

void store(const Place& place, Reading& reading, std::optional<double> value) {
  std::visit(Overloaded{[&](std::optional<double> Reading::*member) { reading.*member = value; },
                        [&](std::optional<std::int64_t> Reading::*member) {
                          reading.*member = value ? std::optional<std::int64_t>(std::llround(*value)) : std::nullopt;
                        },
                        [&](HistoryName history) { store_named(reading.history, history.name, value); },
                        [&](ExtraName extra) { store_named(reading.extra, extra.name, value); }},
             place);
}

std::optional<double> load(const Place& place, const Reading& reading) {
  using Value = std::optional<double>;
  return std::visit(Overloaded{[&](std::optional<double> Reading::*member) -> Value { return reading.*member; },
                               [&](std::optional<std::int64_t> Reading::*member) -> Value {
                                 const auto& value = reading.*member;
                                 return value ? Value(static_cast<double>(*value)) : std::nullopt;
                               },
                               [&](HistoryName history) -> Value {
                                 const auto found = reading.history.find(history.name);
                                 return found == reading.history.end() ? std::nullopt : Value(found->second);
                               },
                               [&](ExtraName extra) -> Value {
                                 const auto found = reading.extra.find(extra.name);
                                 if (found == reading.extra.end()) return std::nullopt;
                                 const auto* number = std::get_if<double>(&found->second);
                                 return number != nullptr ? Value(*number) : std::nullopt;
                               }},
                    place);
}

}  // namespace bms::ve_direct
