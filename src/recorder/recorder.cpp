#include "recorder/recorder.hpp"

#include <algorithm>
#include <utility>

#include "limits/state_json.hpp"

namespace bms::recorder {
namespace {

using nlohmann::json;

constexpr std::size_t kGroups = 12;                 ///< the budget is so many groups
constexpr std::int64_t kLongestGroup_ms = 7200000;  ///< the span ends within one of them
constexpr std::size_t kNumberBlock = 16U << 10U;    ///< of numbers, in one piece

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

std::string text(const json& document) { return document.dump(-1, ' ', true, json::error_handler_t::replace); }

json device_json(const limits::Device& device) {
  const Unavailable& gone = device.unavailable;
  json out{{"cells", device.cells},
           {"configuration_fault", device.configuration_fault},
           {"poll_interval_s", device.poll_interval_s},
           {"temperature_period_s", device.temperature_period_s},
           {"alarm_period_s", device.alarm_period_s}};
  if (device.capacity_Ah) out["capacity_Ah"] = *device.capacity_Ah;
  const std::pair<const char*, bool> missing[] = {{"temperatures", gone.temperatures},
                                                  {"mos_temperature", gone.mos_temperature},
                                                  {"cells", gone.cells},
                                                  {"fets", gone.fets},
                                                  {"bms_limits", gone.bms_limits},
                                                  {"alarms", gone.alarms}};
  out["unavailable"] = json::array();
  for (const auto& [name, absent] : missing) {
    if (absent) out["unavailable"].push_back(name);
  }
  return out;
}

json external_json(std::span<const limits::ExternalLimit> external) {
  json list = json::array();
  for (const auto& limit : external) {
    json one{{"name", std::string(limit.name)}};
    constexpr const char* kSources[] = {"user", "external", "alternator"};
    one["source"] = kSources[static_cast<std::size_t>(limit.source)];
    const auto add = [&one](const char* key, const std::optional<double>& value) {
      if (value) one[key] = *value;
    };
    add("charge_A", limit.charge_A);
    add("discharge_A", limit.discharge_A);
    add("voltage_V", limit.voltage_V);
    add("ttl_s", limit.ttl_s);
    list.push_back(std::move(one));
  }
  return list;
}

template <class Input>
json requests(const Input& input) {
  json rare = json::object();
  if (!input.external.empty()) rare["external"] = external_json(input.external);
  json list = json::array();
  if (input.acknowledge) list.push_back("acknowledge");
  if (input.rebulk) list.push_back("rebulk");
  if (input.top_balance) list.push_back("top_balance");
  if (!list.empty()) rare["request"] = std::move(list);
  return rare;
}

}  // namespace

Recorder::Recorder(Options options) : options_(options) {}

std::size_t Recorder::add(const std::string& name) {
  channels_.emplace_back().name = name;
  return channels_.size() - 1;
}

std::size_t Recorder::add_bank(const std::string& name, std::vector<std::size_t> members) {
  const std::size_t channel = add(name);
  channels_[channel].members = std::move(members);
  return channel;
}

std::int64_t Recorder::since_start_ms(TimePoint now) {
  if (!start_) start_ = now;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - *start_).count();
  return std::max<std::int64_t>(ms, last_ms_);
}

void Recorder::begin_group(std::int64_t at_ms, bool restated) {
  if (!groups_.empty()) end_group();
  Group& group = groups_.emplace_back();
  writer_.emplace(at_ms);
  group.begin_ms = at_ms;
  group.restated = restated;
  last_ms_ = at_ms;
  for (Channel& channel : channels_) {
    channel.keyed = channel.seen = channel.texts_known = false;
  }
  forget_old();
}

void Recorder::before(std::size_t index, const limits::State& state, const limits::Device& device, TimePoint now) {
  const std::int64_t at_ms = since_start_ms(now);
  const bool full = !groups_.empty() && (groups_.back().bytes >= options_.budget_bytes / kGroups ||
                                         at_ms - groups_.back().begin_ms >= kLongestGroup_ms);
  if (groups_.empty() || full || restate_) begin_group(at_ms, std::exchange(restate_, false));
  Channel& channel = channels_[index];
  if (channel.keyed) return;
  json key{{"device", device_json(device)}, {"engine", limits::to_json(state)}};
  if (state.stepped) {
    key["engine_t"] = seconds(std::chrono::duration_cast<std::chrono::milliseconds>(state.last_step - *start_).count());
  }
  if (!channel.settings.empty()) key["settings"] = channel.settings;
  channel.keyframe = text(key);
  channel.keyed = true;
}

void Recorder::before_bank(std::size_t index, const limits::BankState& state, TimePoint now) {
  Channel& bank = channels_[index];
  const auto seen = [this](std::size_t member) { return channels_[member].seen; };
  if (bank.keyed || !std::all_of(bank.members.begin(), bank.members.end(), seen)) return;
  json key{{"members", json::array()}};
  for (const std::size_t member : bank.members) key["members"].push_back(channels_[member].name);
  key["engine"] = limits::to_json(state);
  if (state.stepped) {
    const auto last = state.last_step - start_.value_or(now);
    key["engine_t"] = seconds(std::chrono::duration_cast<std::chrono::milliseconds>(last).count());
  }
  if (!bank.settings.empty()) key["settings"] = bank.settings;
  bank.keyframe = text(key);
  bank.keyed = true;
}

void Recorder::after(std::size_t index, const limits::Input& input, const limits::Limits& limits, TimePoint now) {
  Channel& channel = channels_[index];
  Record record{index, since_start_ms(now), input.reading != nullptr, true, {}, {}, std::move(channel.row)};
  json rare = requests(input);
  if (input.set_soc_pct) rare["set_soc_pct"] = *input.set_soc_pct;
  if (input.reading != nullptr) {
    put(record.row, *input.reading);
    if (Texts texts = texts_of(*input.reading); !channel.texts_known || texts != channel.texts) {
      rare.update(to_json(texts));
      channel.texts = std::move(texts);
      channel.texts_known = true;
    }
  }
  put(record.row, input.shunt);
  put_inputs(record.row, input.charge_off, input.discharge_off);
  put(record.row, limits);
  if (!rare.empty()) record.rare = text(rare);
  channel.trend.add(record.at_ms, input.reading, &limits);
  append(channel, std::move(record));
}

void Recorder::after_bank(std::size_t index, const limits::BankInput& input, const Reading& merged,
                          const limits::Limits& limits, TimePoint now) {
  Channel& channel = channels_[index];
  Record record{index, since_start_ms(now), false, true, {}, {}, std::move(channel.row)};
  put_soc(record.row, input.soc_pct);
  put_inputs(record.row, input.charge_off, input.discharge_off);
  put(record.row, limits);
  if (const json rare = requests(input); !rare.empty()) record.rare = text(rare);
  std::optional<CellExtremes> cells;
  for (const std::size_t member : channel.members) {
    const auto& own = channels_[member].trend.cells();
    if (!own) continue;
    if (!cells) cells = own;
    cells->min_V = std::min(cells->min_V, own->min_V);
    cells->max_V = std::max(cells->max_V, own->max_V);
  }
  channel.trend.add(record.at_ms, &merged, &limits, cells);
  append(channel, std::move(record));
}

void Recorder::observe(std::size_t index, const Reading& reading, TimePoint now) {
  const std::int64_t at_ms = since_start_ms(now);
  if (groups_.empty()) begin_group(at_ms, false);
  Channel& channel = channels_[index];
  Record record{index, at_ms, true, false, {}, {}, std::move(channel.row)};
  put(record.row, reading);
  channel.trend.add(at_ms, &reading, nullptr);
  append(channel, std::move(record));
}

void Recorder::settings(std::size_t index, const std::map<std::string, double, std::less<>>& values, TimePoint now) {
  Channel& channel = channels_[index];
  json settings = json::object();
  for (const auto& [key, value] : values) settings[key] = value;
  if (settings == channel.settings) return;
  channel.settings = std::move(settings);
  if (!channel.heard) return;  // its first state will tell them
  Record record{index, since_start_ms(now), false, false, {}, {}, std::move(channel.row)};
  record.rare = text({{"settings", channel.settings}});
  append(channel, std::move(record));
}

void Recorder::restate() { restate_ = true; }

void Recorder::append(Channel& channel, Record record) {
  record.keyframe = std::exchange(channel.keyframe, {});
  channel.seen = channel.seen || record.has_step || !record.keyframe.empty();
  Group& group = groups_.back();
  if (group.numbers.empty() || group.numbers.back().size() + kNumberBlock / 16 > kNumberBlock) {
    if (!group.numbers.empty()) group.numbers.back().shrink_to_fit();
    group.numbers.emplace_back().reserve(kNumberBlock);
    forget_old();
  }
  std::string& numbers = group.numbers.back();
  const std::size_t before = numbers.size();
  writer_->put(record, numbers, open_texts_);
  group.bytes += numbers.size() - before;
  ++group.records;
  last_ms_ = record.at_ms;
  channel.row = std::move(record.row);
  channel.heard = true;
  if (open_texts_.size() >= options_.chunk_bytes) {
    pack_texts();
    forget_old();
  }
}

void Recorder::end_group() {
  pack_texts();
  Group& group = groups_.back();
  const std::string tail = writer_->tail();
  group.numbers.push_back(tail);
  group.bytes += tail.size();
  writer_.reset();
}

void Recorder::pack_texts() {
  if (open_texts_.empty()) return;
  Group& group = groups_.back();
  group.texts.push_back({packed(open_texts_), static_cast<std::uint32_t>(open_texts_.size())});
  group.bytes += group.texts.back().packed.size();
  open_texts_.clear();
}

void Recorder::forget_old() {
  const auto span_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options_.span).count();
  while (groups_.size() > 1) {
    const bool old = last_ms_ - groups_[1].begin_ms > span_ms;
    if (!old && bytes() <= options_.budget_bytes) return;
    groups_.pop_front();
  }
}

nlohmann::ordered_json Recorder::plot(std::size_t channel, TimePoint now) const {
  const auto since_start = now - start_.value_or(now);
  return channels_[channel].trend.to_json(std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count());
}

std::size_t Recorder::bytes() const {
  std::size_t sum = open_texts_.capacity() + (writer_ ? writer_->bytes() : 0);
  for (const Group& group : groups_) sum += group.bytes;
  return sum;
}

std::optional<TimePoint> Recorder::kept_from() const {
  if (groups_.empty()) return std::nullopt;
  return *start_ + std::chrono::milliseconds(groups_.front().begin_ms);
}

void Recorder::archive(TimePoint now, std::optional<std::int64_t> unix_s, const ArchiveWriter::Sink& sink) const {
  json header{{"channels", json::array()}};
  for (const Channel& channel : channels_) {
    header["channels"].push_back({{"name", channel.name}, {"bank", !channel.members.empty()}});
  }
  if (unix_s && start_) {
    const auto age_s = std::chrono::duration_cast<std::chrono::seconds>(now - *start_).count();
    header["start_unix_s"] = *unix_s - age_s;  // of t = 0, by the clock as it is now
  }
  ArchiveWriter writer(sink, text(header));
  for (const Group& group : groups_) {
    writer.begin_group(group.begin_ms, group.restated, group.records);
    for (const PackedTexts& texts : group.texts) writer.texts(texts.packed, texts.raw_size);
    const bool last = &group == &groups_.back();
    if (last && !open_texts_.empty()) {
      writer.texts(packed(open_texts_), static_cast<std::uint32_t>(open_texts_.size()));
    }
    for (const std::string& numbers : group.numbers) writer.numbers(numbers);
    if (last) writer.numbers(writer_->tail());
    writer.end_group();
  }
}

}  // namespace bms::recorder
