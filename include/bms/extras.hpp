#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace bms {

/// A value some protocol knows that has no field of its own in a Reading; the name carries the unit ("cell_uvp_V").
using Extra = std::variant<double, std::string>;

/// Values by name beyond the fields of a Reading: a map whose copies share one content until one of them changes.
///
/// A Reading is made for every poll and copied several times on its way, while somebody looks at its hundred settings
/// and counters now and then. So a driver may also say how to find the content instead of what it is, see later().
class Extras {
 public:
  using Map = std::map<std::string, Extra, std::less<>>;
  using const_iterator = Map::const_iterator;

  Extras() = default;
  Extras(Map map) : content_(std::make_shared<Content>(Content{{}, std::move(map)})) {}  // NOLINT: is one
  /// Content that `make` answers when somebody looks; called once at most. It must not refer to what may be gone then.
  static Extras later(std::function<Map()> make);
  /// These, and of `more` what is not there yet; put together when somebody looks.
  [[nodiscard]] Extras with(Extras more) const;

  [[nodiscard]] const Map& map() const;
  [[nodiscard]] const_iterator begin() const { return map().begin(); }
  [[nodiscard]] const_iterator end() const { return map().end(); }
  [[nodiscard]] const_iterator find(std::string_view name) const { return map().find(name); }
  [[nodiscard]] bool contains(std::string_view name) const { return map().contains(name); }
  [[nodiscard]] bool empty() const { return map().empty(); }
  [[nodiscard]] std::size_t size() const { return map().size(); }
  [[nodiscard]] const Extra& at(const std::string& name) const { return map().at(name); }

  Extra& operator[](const std::string& name) { return own()[name]; }
  void insert_or_assign(std::string name, Extra value) { own().insert_or_assign(std::move(name), std::move(value)); }
  /// Adds what is not there yet.
  void insert(const_iterator first, const_iterator last) { own().insert(first, last); }
  void erase(const std::string& name) { own().erase(name); }

  friend bool operator==(const Extras& one, const Extras& other) {
    return one.content_ == other.content_ || one.map() == other.map();
  }

 private:
  struct Content {
    std::function<Map()> make;  ///< how to find the map; empty: it is there
    Map map;
  };

  Map& own();

  std::shared_ptr<Content> content_;  ///< empty: there are none
};

}  // namespace bms
