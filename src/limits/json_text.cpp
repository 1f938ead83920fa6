#include "limits/json_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace bms::limits {
namespace {

/// JSON as text, written from front to back: a tree of it costs ten times as much, and this is made while batteries are
/// polled.
class Writer {
 public:
  void begin(char bracket) {
    text_ += bracket;
    first_ = true;
  }
  void end(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  /// The name of the next value, or with no name the place of the next element of a list.
  Writer& at(std::string_view key = {}) {
    if (!first_) text_ += ',';
    first_ = false;
    if (key.empty()) return *this;
    string(key);
    text_ += ':';
    return *this;
  }
  void string(std::string_view text) {
    text_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') text_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(text_), "\\u{:04x}", c);
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }
  /// A number stays one with a fraction when it is a whole one at the moment.
  void number(const std::optional<double>& value) {
    if (!value || !std::isfinite(*value)) return raw("null");
    const std::size_t begin = text_.size();
    fmt::format_to(std::back_inserter(text_), "{}", *value);
    if (text_.find_first_of(".e", begin) == std::string::npos) text_ += ".0";
  }
  void integer(int value) { fmt::format_to(std::back_inserter(text_), "{}", value); }
  void flag(bool value) { raw(value ? "true" : "false"); }
  std::string take() { return std::move(text_); }

 private:
  void raw(std::string_view text) { text_ += text; }

  std::string text_;
  bool first_ = true;
};

void write(Writer& out, const Cause& cause) {
  out.at().begin('{');
  out.at("id").string(cause.id);
  out.at("value").number(cause.value);
  out.at("text").string(cause.text());
  if (const auto input = cause.input()) {
    out.at("input").number(input->value);
    out.at("unit").string(input->unit);
  }
  if (cause.status != Cause::Status::active) out.at("status").string(to_string(cause.status));
  if (cause.recovering) out.at("recovering").flag(true);
  out.end('}');
}

void write(Writer& out, std::string_view key, const std::vector<Cause>& causes,
           std::optional<std::size_t> most_acting) {
  out.at(key).begin('[');
  std::size_t written = 0;
  for (const Cause& cause : causes) {
    if (most_acting && (cause.status != Cause::Status::active || written == *most_acting)) continue;
    write(out, cause);
    ++written;
  }
  out.end(']');
}

void write_why(Writer& out, const Limits& limits, std::optional<std::size_t> most_acting) {
  out.begin('{');
  write(out, "cvl", limits.cvl.why, most_acting);
  write(out, "ccl", limits.ccl.why, most_acting);
  write(out, "dcl", limits.dcl.why, most_acting);
  out.end('}');
}

template <class Limit>
void write_shaping(Writer& out, std::string_view key, const Limit& limit, std::string_view target, double value) {
  out.at(key).begin('{');
  out.at(target).number(value);
  out.at("state").string(to_string(limit.shaping));
  out.at("hold_s").number(limit.hold_remaining_s);
  out.end('}');
}

/// {"20": 5400, "10": 9000}: only the points that will be reached.
void write_time_to_soc(Writer& out, const Limits& limits) {
  out.at("time_to_soc_s").begin('{');
  for (std::size_t i = 0; i < limits.time_to_soc_s.size(); ++i) {
    if (limits.time_to_soc_s[i]) {
      out.at(std::to_string(static_cast<int>(i) * kSocPointStep_pct)).number(limits.time_to_soc_s[i]);
    }
  }
  out.end('}');
}

void write_alarms(Writer& out, const Limits& limits) {
  out.at("alarms").begin('{');
  out.at("low_soc").integer(limits.alarms.low_soc);
  out.at("low_cell_voltage").integer(limits.alarms.low_cell_voltage);
  out.at("high_cell_voltage").integer(limits.alarms.high_cell_voltage);
  out.at("bms_cable").integer(limits.alarms.bms_cable);
  out.at("configuration").integer(limits.alarms.configuration);
  out.end('}');
}

}  // namespace

std::string json_text(const Limits& limits, std::optional<std::size_t> most_acting) {
  Writer out;
  out.begin('{');
  out.at("cvl_V").number(limits.cvl.value_V);
  out.at("ccl_A").number(limits.ccl.value_A);
  out.at("dcl_A").number(limits.dcl.value_A);
  out.at("allow_charge").flag(limits.allow_charge);
  out.at("allow_discharge").flag(limits.allow_discharge);
  out.at("pre_alarm").flag(limits.pre_alarm);
  out.at("phase").string(to_string(limits.phase));
  out.at("top_balance").string(to_string(limits.top_balance));
  out.at("soc_pct").number(limits.soc_pct);
  out.at("ttg_s").number(limits.ttg_s);
  write_why(out.at("why"), limits, most_acting);
  out.at("started").flag(limits.started);
  out.at("link").string(to_string(limits.freshness));
  out.at("soc_source").string(limits.soc_source);
  out.at("balancer").string(to_string(limits.balancer));
  write_shaping(out, "cvl", limits.cvl, "target_V", limits.cvl.target_V);
  write_shaping(out, "ccl", limits.ccl, "target_A", limits.ccl.target_A);
  write_shaping(out, "dcl", limits.dcl, "target_A", limits.dcl.target_A);
  write_time_to_soc(out, limits);
  write_alarms(out, limits);
  out.at("notes").begin('[');
  for (const Note& note : limits.notes) out.at().string(note.text());
  out.end(']');
  out.end('}');
  return out.take();
}

}  // namespace bms::limits
