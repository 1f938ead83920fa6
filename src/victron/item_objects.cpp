#include "victron/item_objects.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "victron/item_wire.hpp"

namespace bms::victron {
namespace {

struct MessageDeleter {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageDeleter>;

const ItemObjects& objects(void* context) { return *static_cast<const ItemObjects*>(context); }

/// sd-bus is C: nothing may be thrown through it.
template <class Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  } catch (const std::exception&) {
    return -EIO;
  }
}

Message reply_to(sd_bus_message* call) {
  sd_bus_message* reply = nullptr;
  if (sd_bus_message_new_method_return(call, &reply) < 0) throw std::bad_alloc();
  return Message(reply);
}

int send(const Message& reply, int built) {
  return built < 0 ? built : sd_bus_send(sd_bus_message_get_bus(reply.get()), reply.get(), nullptr);
}

/// Leaves below a branch as a variant that holds a dictionary: `a{sv}` of values or `a{ss}` of texts.
int append_branch(sd_bus_message* reply, const ItemTree& tree, std::string_view branch, bool texts) {
  int result = sd_bus_message_open_container(reply, 'v', texts ? "a{ss}" : "a{sv}");
  if (result >= 0) result = sd_bus_message_open_container(reply, 'a', texts ? "{ss}" : "{sv}");
  for (const auto& [key, item] : tree.below(branch)) {
    if (result >= 0) result = sd_bus_message_open_container(reply, 'e', texts ? "ss" : "sv");
    if (result >= 0) result = sd_bus_message_append_basic(reply, 's', std::string(key).c_str());
    if (result >= 0) {
      result = texts ? sd_bus_message_append_basic(reply, 's', item->text().c_str())
                     : wire::append_value(reply, item->value);
    }
    if (result >= 0) result = sd_bus_message_close_container(reply);
    if (result < 0) return result;
  }
  if (result >= 0) result = sd_bus_message_close_container(reply);
  return result < 0 ? result : sd_bus_message_close_container(reply);
}

int get_items(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
  return guarded([&] {
    const Message reply = reply_to(call);
    return send(reply, wire::append_items(reply.get(), objects(context).tree().items(),
                                          [](const auto& entry) -> const Item& { return entry.second; }));
  });
}

int get_value(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
  return guarded([&] {
    const ItemTree& tree = objects(context).tree();
    const char* path = sd_bus_message_get_path(call);
    const Message reply = reply_to(call);
    if (const Item* item = tree.find(path)) return send(reply, wire::append_value(reply.get(), item->value));
    return send(reply, append_branch(reply.get(), tree, path, false));
  });
}

int get_text(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
  return guarded([&] {
    const Item* item = objects(context).tree().find(sd_bus_message_get_path(call));
    const Message reply = reply_to(call);
    return send(reply, sd_bus_message_append_basic(reply.get(), 's', item == nullptr ? "" : item->text().c_str()));
  });
}

/// GetText of a branch answers "v", that of a leaf "s", and sd-bus holds a method to one signature. So branches are
/// answered here, before sd-bus looks for a method.
int get_branch_text(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
  return guarded([&] {
    if (sd_bus_message_is_method_call(call, wire::kInterface, "GetText") <= 0) return 0;
    const ItemTree& tree = objects(context).tree();
    const char* path = sd_bus_message_get_path(call);
    if (!tree.is_branch(path) || !sd_bus_message_is_empty(call)) return 0;
    const Message reply = reply_to(call);
    const int result = send(reply, append_branch(reply.get(), tree, path, true));
    return result < 0 ? result : 1;
  });
}

int set_value(sd_bus_message* call, void* context, sd_bus_error* /*error*/) {
  return guarded([&] {
    Value value;
    const Item* item = objects(context).tree().find(sd_bus_message_get_path(call));
    const bool readable = wire::read_value(call, value) >= 0;
    const std::int32_t answer = item == nullptr || !readable ? 1 : objects(context).write(*item, value);
    const Message reply = reply_to(call);
    return send(reply, sd_bus_message_append_basic(reply.get(), 'i', &answer));
  });
}

int bound(sd_bus_message* call, void* context, double Format::*member) {
  return guarded([&] {
    const Item* item = objects(context).tree().find(sd_bus_message_get_path(call));
    const bool ranged = item != nullptr && item->format.access == Access::writable && item->format.kind != Kind::text;
    const Message reply = reply_to(call);
    return send(reply,
                wire::append_value(reply.get(), ranged ? normalised(item->format, item->format.*member) : Value{}));
  });
}

int get_min(sd_bus_message* call, void* context, sd_bus_error* /*error*/) { return bound(call, context, &Format::min); }
int get_max(sd_bus_message* call, void* context, sd_bus_error* /*error*/) { return bound(call, context, &Format::max); }

// Which paths an interface is on: sd-bus asks for every call and for introspection.

int answer(void* context, void** found, bool there) {
  *found = context;
  return there ? 1 : 0;
}

int is_root(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
            sd_bus_error* /*error*/) {
  return answer(context, found, std::strcmp(path, "/") == 0);
}

int is_leaf(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
            sd_bus_error* /*error*/) {
  return guarded([&] { return answer(context, found, objects(context).tree().find(path) != nullptr); });
}

int is_node(sd_bus* /*bus*/, const char* path, const char* /*interface*/, void* context, void** found,
            sd_bus_error* /*error*/) {
  return guarded([&] {
    const ItemTree& tree = objects(context).tree();
    return answer(context, found, tree.find(path) != nullptr || tree.is_branch(path));
  });
}

/// All paths, for introspection; sd-bus frees the list with free().
int enumerate(sd_bus* /*bus*/, const char* /*prefix*/, void* context, char*** nodes, sd_bus_error* /*error*/) {
  return guarded([&] {
    const ItemTree& tree = objects(context).tree();
    std::vector<std::string> paths = tree.branches();
    for (const auto& [path, item] : tree.items()) paths.push_back(path);
    auto** list = static_cast<char**>(std::calloc(paths.size() + 1, sizeof(char*)));
    if (list == nullptr) throw std::bad_alloc();
    for (std::size_t i = 0; i < paths.size(); ++i) list[i] = strdup(paths[i].c_str());
    *nodes = list;
    return 0;
  });
}

const sd_bus_vtable kRootMethods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetItems", "", "a{sa{sv}}", get_items, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("ItemsChanged", "a{sa{sv}}", 0),
    SD_BUS_VTABLE_END,
};
const sd_bus_vtable kNodeMethods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetValue", "", "v", get_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetText", "", "s", get_text, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
const sd_bus_vtable kLeafMethods[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SetValue", "v", "i", set_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetMin", "", "v", get_min, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetMax", "", "v", get_max, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

}  // namespace

ItemObjects::ItemObjects(sd_bus* bus, const ItemTree& tree, Writer writer) : tree_(tree), writer_(std::move(writer)) {
  const auto add = [&](int index, const sd_bus_vtable* methods, sd_bus_object_find_t find) {
    return sd_bus_add_fallback_vtable(bus, &slots_[index], "/", wire::kInterface, methods, find, this);
  };
  if (add(0, kNodeMethods, is_node) < 0 || add(1, kLeafMethods, is_leaf) < 0 || add(2, kRootMethods, is_root) < 0 ||
      sd_bus_add_node_enumerator(bus, &slots_[3], "/", enumerate, this) < 0 ||
      sd_bus_add_filter(bus, &slots_[4], get_branch_text, this) < 0) {
    for (sd_bus_slot* slot : slots_) sd_bus_slot_unref(slot);
    throw std::runtime_error("cannot register the items of a service");
  }
}

ItemObjects::~ItemObjects() {
  for (sd_bus_slot* slot : slots_) sd_bus_slot_unref(slot);
}

bool emit_items_changed(sd_bus* bus, const std::vector<const Item*>& items) {
  sd_bus_message* signal = nullptr;
  if (sd_bus_message_new_signal(bus, &signal, "/", wire::kInterface, "ItemsChanged") < 0) return false;
  const Message owned(signal);
  if (wire::append_items(signal, items, [](const Item* item) -> const Item& { return *item; }) < 0) return false;
  return sd_bus_send(bus, signal, nullptr) >= 0;
}

}  // namespace bms::victron
