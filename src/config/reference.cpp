#include "config/reference.hpp"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "config/schema.hpp"

namespace bms::config {
namespace {

constexpr std::string_view kHead = R"(# dbus-bms: what is connected, and how it may be charged and discharged.
#
# Lines that begin with # explain. Lines that begin with ; are settings with their default or an example: remove the ;
# and change the value. 'dbus-bms check-config FILE' says what is wrong, 'dbus-bms probe' finds batteries and prints
# their sections, 'dbus-bms ports' lists the names of serial ports.

# Three JK PB batteries on one RS485 cable need no more than this and the two currents in [limits] below:

)";

/// Keys of a battery that a newcomer needs: they come first and their explanations after them.
constexpr std::size_t kFirstKeys = 4;

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// `text` in lines of at most 117 characters, each with "# " before it.
std::string comment(std::string_view text) {
  constexpr std::size_t kWidth = 117;
  std::string out;
  while (text.size() > kWidth) {
    const auto blank = text.rfind(' ', kWidth);
    const auto cut = blank == std::string_view::npos ? kWidth : blank;
    out += fmt::format("# {}\n", text.substr(0, cut));
    text.remove_prefix(cut + (blank == std::string_view::npos ? 0 : 1));
  }
  return out + fmt::format("# {}\n", text);
}

const std::string& shown_value(const KeyInfo& key) { return key.default_text.empty() ? key.example : key.default_text; }

std::string note(const KeyInfo& key) {
  std::string text = fmt::format("{}. Allowed: {}.", capitalised(key.meaning), key.allowed);
  if (key.default_text == "off" && !key.example.empty()) text += fmt::format(" On is {}.", key.example);
  return text;
}

std::string settings(std::span<const KeyInfo> keys) {
  std::string out;
  for (const auto& key : keys) out += fmt::format(";{} = {}\n", key.name, shown_value(key));
  return out;
}

std::string explained(std::span<const KeyInfo> keys) {
  std::string out;
  for (const auto& key : keys) out += "\n" + comment(note(key)) + settings({&key, 1});
  return out;
}

constexpr std::string_view kRule =
    "# "
    "------------------------------------------------------------------------------------------------------------------"
    "-";

/// Choices are written with bars, which would be columns.
std::string cell(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == " | ") {
      out += ", ";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string reference_ini() {
  std::string out(kHead);
  const auto sections = schema();
  out += ";[battery:rack]\n" + settings(std::span(sections[0].keys).first(kFirstKeys));
  for (const auto& key : std::span(sections[0].keys).first(kFirstKeys)) {
    out += fmt::format("\n{}", comment(fmt::format("{}: {}", key.name, note(key))));
  }
  out += "\n# More that may be said of a battery:\n" + explained(std::span(sections[0].keys).subspan(kFirstKeys));
  for (const auto& section : std::span(sections).subspan(1)) {
    const bool named = section.name.find(':') != std::string::npos;
    out += fmt::format("\n{}\n{}{}[{}]\n", kRule, comment(section.meaning), named ? ";" : "", section.name);
    out += explained(section.keys);
  }
  return out;
}

std::string reference_markdown() {
  std::string out;
  for (const auto& section : schema()) {
    out += fmt::format("## [{}]\n\n{}\n\n| Key | Default | Allowed | Meaning |\n|---|---|---|---|\n", section.name,
                       section.meaning);
    for (const auto& key : section.keys) {
      const std::string value = key.default_text.empty() ? "-" : fmt::format("`{}`", key.default_text);
      std::string meaning = capitalised(key.meaning);
      if (key.default_text.empty()) meaning += fmt::format("; example: `{}`", key.example);
      if (key.default_text == "off" && !key.example.empty()) meaning += fmt::format("; on is `{}`", key.example);
      out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, value, cell(key.allowed), cell(meaning));
    }
    out += "\n";
  }
  return out;
}

}  // namespace bms::config
