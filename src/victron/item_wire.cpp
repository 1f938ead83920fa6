#include "victron/item_wire.hpp"

#include <string>

namespace bms::victron::wire {
namespace {

/// Runs one step after the other until one fails.
class Steps {
 public:
  Steps& operator()(int result) {
    if (result_ >= 0) result_ = result;
    return *this;
  }
  [[nodiscard]] int result() const { return result_; }

 private:
  int result_ = 0;
};

int append_entry(sd_bus_message* message, const char* key, const Value& value) {
  Steps steps;
  steps(sd_bus_message_open_container(message, 'e', "sv"));
  steps(sd_bus_message_append_basic(message, 's', key));
  steps(append_value(message, value));
  steps(sd_bus_message_close_container(message));
  return steps.result();
}

int append_variant(sd_bus_message* message, char type, const void* content) {
  const char signature[] = {type, '\0'};
  Steps steps;
  steps(sd_bus_message_open_container(message, 'v', signature));
  steps(sd_bus_message_append_basic(message, type, content));
  steps(sd_bus_message_close_container(message));
  return steps.result();
}

template <class T>
int read_number(sd_bus_message* message, char type, Value& value) {
  T number{};
  const int result = sd_bus_message_read_basic(message, type, &number);
  if (result > 0) value = static_cast<double>(number);
  return result;
}

int read_basic(sd_bus_message* message, char type, Value& value) {
  switch (type) {
    case 'y':
      return read_number<std::uint8_t>(message, type, value);
    case 'b':
      return read_number<int>(message, type, value);
    case 'n':
      return read_number<std::int16_t>(message, type, value);
    case 'q':
      return read_number<std::uint16_t>(message, type, value);
    case 'i':
      return read_number<std::int32_t>(message, type, value);
    case 'u':
      return read_number<std::uint32_t>(message, type, value);
    case 'x':
      return read_number<std::int64_t>(message, type, value);
    case 't':
      return read_number<std::uint64_t>(message, type, value);
    case 'd':
      return read_number<double>(message, type, value);
    case 's': {
      const char* text = nullptr;
      const int result = sd_bus_message_read_basic(message, type, static_cast<void*>(&text));
      if (result > 0) value = std::string(text);
      return result;
    }
    default:
      return 0;
  }
}

}  // namespace

int append_value(sd_bus_message* message, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return append_variant(message, 'd', number);
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return append_variant(message, 'i', integer);
  if (const auto* text = std::get_if<std::string>(&value)) return append_variant(message, 's', text->c_str());
  Steps steps;
  steps(sd_bus_message_open_container(message, 'v', "ai"));
  steps(sd_bus_message_append_array(message, 'i', nullptr, 0));
  steps(sd_bus_message_close_container(message));
  return steps.result();
}

int append_item(sd_bus_message* message, const Item& item) {
  const std::string path(item.path);
  Steps steps;
  steps(sd_bus_message_open_container(message, 'e', "sa{sv}"));
  steps(sd_bus_message_append_basic(message, 's', path.c_str()));
  steps(sd_bus_message_open_container(message, 'a', "{sv}"));
  steps(append_entry(message, "Value", item.value));
  steps(append_entry(message, "Text", item.text()));
  if (item.format.access == Access::writable && item.format.kind != Kind::text) {
    steps(append_entry(message, "Min", normalised(item.format, item.format.min)));
    steps(append_entry(message, "Max", normalised(item.format, item.format.max)));
  }
  steps(sd_bus_message_close_container(message));
  steps(sd_bus_message_close_container(message));
  return steps.result();
}

int read_value(sd_bus_message* message, Value& value) {
  value = {};
  const char* contents = nullptr;
  char type = 0;
  int result = sd_bus_message_peek_type(message, &type, &contents);
  if (result <= 0 || type != 'v' || contents == nullptr) return result < 0 ? result : -EINVAL;
  const std::string signature = contents;
  if (signature.size() != 1) return 0;
  result = sd_bus_message_enter_container(message, 'v', signature.c_str());
  return result < 0 ? result : read_basic(message, signature[0], value);
}

int read_variant(sd_bus_message* message, Value& value) {
  value = {};
  const char* contents = nullptr;
  char type = 0;
  const int found = sd_bus_message_peek_type(message, &type, &contents);
  if (found <= 0 || type != 'v' || contents == nullptr) return found < 0 ? found : -EINVAL;
  const std::string_view signature = contents;
  constexpr std::string_view kReadable = "ybnqiuxtds";
  if (signature.size() != 1 || kReadable.find(signature[0]) == std::string_view::npos) {
    return sd_bus_message_skip(message, "v");
  }
  const char basic = signature[0];
  Steps steps;
  steps(sd_bus_message_enter_container(message, 'v', std::string(signature).c_str()));
  if (steps.result() >= 0) steps(read_basic(message, basic, value));
  if (steps.result() >= 0) steps(sd_bus_message_exit_container(message));
  return steps.result();
}

}  // namespace bms::victron::wire
