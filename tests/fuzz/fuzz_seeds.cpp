// fuzz_seeds SOURCES CORPUS: the first inputs of the fuzzers, made of the captures and files of the project.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "capture/capture.hpp"
#include "limits/state_json.hpp"

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
  write(corpus / "state_fuzz" / "battery", limits::to_json(limits::State{}).dump());
  write(corpus / "state_fuzz" / "bank", limits::to_json(limits::BankState{}).dump());
  return 0;
}
