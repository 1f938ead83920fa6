// fuzz_seeds SOURCES CORPUS: the first inputs of the fuzzers, made of the captures and files of the project.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "capture/capture.hpp"
#include "history/json.hpp"
#include "limits/state_json.hpp"
#include "recorder/codec.hpp"
#include "store/record.hpp"

namespace {

namespace fs = std::filesystem;
using namespace bms;

struct Answered {
  Bytes request;
  Bytes answer;
};

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

void write(const fs::path& file, std::string_view bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

void write(const fs::path& file, const Bytes& bytes) {
  write(file, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::vector<Answered> exchanges(const Capture& capture) {
  std::vector<Answered> all(1);
  for (const auto& line : capture.lines) {
    if (line.to_battery) all.push_back({line.bytes, {}});
    if (!line.to_battery) append(all.back().answer, line.bytes);
  }
  return all;
}

void put(Bytes& seed, const Bytes& part) {
  append_be(seed, static_cast<std::uint32_t>(part.size()), 2);
  append(seed, part);
}

/// See exchange_fuzz.hpp: the recorded exchanges, and the same answers for a driver that polls.
void from_capture(const Capture& capture, const fs::path& folder, const std::string& name) {
  Bytes recorded{1};
  Bytes conversation{2, 4};
  Bytes stream{255};
  for (const auto& [request, answer] : exchanges(capture)) {
    append(stream, answer);
    if (request.empty() && answer.empty()) continue;
    put(recorded, request);
    put(recorded, answer);
    conversation.push_back(1);
    put(conversation, answer);
  }
  if (folder.filename() == "ve_text_fuzz") return write(folder / name, stream);
  write(folder / (name + ".recorded"), recorded);
  write(folder / (name + ".poll"), conversation);
}

/// What has no file in the project: stored history and state, requests to the page, a recording.
void write_others(const fs::path& corpus) {
  history::State history;
  history.min_cell = {3.1, 1};
  history.errors.push_back({Condition::cell_overvoltage, {}});
  write(corpus / "history_fuzz" / "new", history::to_json({}).dump());
  write(corpus / "history_fuzz" / "used", history::to_json(history).dump());
  write(corpus / "store_fuzz" / "state", store::encode("{}", 7));
  const std::map<std::string, std::string> requests = {
      {"page", "1GET /?token=key HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"status", "1GET /api/status HTTP/1.1\r\nAuthorization: Bearer key\r\n\r\n"},
      {"events", "0GET /api/events HTTP/1.1\r\nHost: localhost:80\r\n\r\n"},
      {"history", "0GET /api/history HTTP/1.0\r\nHost: [::1]\r\n\r\n"},
      {"post", "0POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const auto& [name, text] : requests) write(corpus / "web_fuzz" / name, text);
  std::string texts;
  std::string numbers;
  recorder::RecordWriter records(0);
  recorder::Record record{0, 1000, true, true, "{}", "{}", recorder::Row(4, 2)};
  for (std::int64_t at_ms = 0; at_ms < 3000; at_ms += 1000) {
    record.at_ms = at_ms;
    std::fill(record.row.values.begin(), record.row.values.end(), 3.3 + static_cast<double>(at_ms) / 1e6);
    records.put(record, numbers, texts);
  }
  numbers += records.tail();
  const std::string behind_its_length = static_cast<char>(texts.size()) + texts;
  write(corpus / "recorder_fuzz" / "records", "1" + behind_its_length + numbers);
  write(corpus / "recorder_fuzz" / "group", "2\x07" + behind_its_length + static_cast<char>(numbers.size()) + numbers);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const fs::path sources = arguments[1];
  const fs::path corpus = arguments[2];
  const std::map<std::string, std::string> targets = {
      {"daly", "daly_fuzz"},   {"daly-modbus", "daly_modbus_fuzz"}, {"daren", "daren_fuzz"},
      {"eg4", "eg4_fuzz"},     {"eg4-ll", "eg4_ll_fuzz"},           {"jk", "jk_fuzz"},
      {"jk-pb", "jk_pb_fuzz"}, {"renogy", "renogy_fuzz"},           {"smartshunt", "ve_text_fuzz"},
  };
  for (const auto& entry : fs::recursive_directory_iterator(sources / "drivers")) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".json") write(corpus / "readings_fuzz" / name, read(entry.path()));
    if (entry.path().extension() != ".cap") continue;
    write(corpus / "capture_fuzz" / name, read(entry.path()));
    const auto capture = load_capture(entry.path().string());
    if (!capture) return 1;
    const auto driver = capture->headers.find("driver");
    const auto target = driver == capture->headers.end() ? targets.end() : targets.find(driver->second);
    if (target != targets.end()) from_capture(*capture, corpus / target->second, name);
  }
  write(corpus / "config_fuzz" / "reference", read(sources / "config" / "config.ini"));
  write_others(corpus);
  write(corpus / "state_fuzz" / "battery", limits::to_json(limits::State{}).dump());
  write(corpus / "state_fuzz" / "bank", limits::to_json(limits::BankState{}).dump());
  return 0;
}
