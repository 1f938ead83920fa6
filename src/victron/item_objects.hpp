#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "victron/item_tree.hpp"

struct sd_bus;
struct sd_bus_slot;

namespace bms::victron {

/// Makes an item tree visible on a connection as `com.victronenergy.BusItem` objects.
///
/// The objects are not registered one by one (3.8 kB each, 200 and more per battery): sd-bus asks for every path
/// whether it is there, and answers come straight from the tree. Destroy it before its connection.
class ItemObjects {
 public:
  /// A write, as it was sent, to an item of any access; answers what SetValue returns.
  using Writer = std::function<std::int32_t(const Item& item, const Value& value)>;

  /// The tree must outlive this. Throws std::runtime_error when the bus refuses (out of memory, connection dead).
  ItemObjects(sd_bus* bus, const ItemTree& tree, Writer writer);
  ItemObjects(const ItemObjects&) = delete;
  ItemObjects& operator=(const ItemObjects&) = delete;
  ~ItemObjects();

  [[nodiscard]] const ItemTree& tree() const { return tree_; }
  [[nodiscard]] std::int32_t write(const Item& item, const Value& value) const { return writer_(item, value); }

 private:
  const ItemTree& tree_;
  Writer writer_;
  sd_bus_slot* slots_[5] = {};
};

/// Announces items in one ItemsChanged on "/". False when the message could not be sent.
bool emit_items_changed(sd_bus* bus, const std::vector<const Item*>& items);

}  // namespace bms::victron
