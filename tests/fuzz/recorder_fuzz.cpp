// Any bytes as a recording, and chunks of any records behind a right header, as zlib packs them: lines of JSON come
// out, or the recording is damaged. A record that can be read is the same when it is written and read again.
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "recorder/archive.hpp"
#include "recorder/codec.hpp"

namespace {

using namespace bms::recorder;

constexpr std::string_view kMagic = "dbus-bms recording 2\n";
constexpr std::string_view kHeader =
    R"({"start_unix_s":1,"channels":[{"name":"a"},{"name":"b"},{"name":"bank","bank":true}]})";

void require(bool condition) {
  if (!condition) std::abort();
}

/// A zlib stream of one stored block: as right as a packed one, and made in no time.
std::string stored(std::string_view raw) {
  const auto size = static_cast<unsigned>(raw.size());
  std::string out{'\x78', '\x01', '\x01'};
  for (const unsigned half : {size, ~size}) {
    out.push_back(static_cast<char>(half & 0xFFU));
    out.push_back(static_cast<char>(half >> 8U & 0xFFU));
  }
  out += raw;
  const auto sum = adler32(1, reinterpret_cast<const Bytef*>(raw.data()), size);
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(sum >> static_cast<unsigned>(shift) & 0xFFU));
  return out;
}

void read(std::string_view archive) {
  std::ostringstream out;
  static_cast<void>(export_lines(archive, "", out));
  static_cast<void>(knows(archive, "a"));
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) require(nlohmann::json::accept(line));
}

/// Cut from the front: as much as its first byte says.
std::string_view part_of(std::string_view& input) {
  if (input.empty()) return {};
  const auto told = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  const auto part = input.substr(0, told);
  input.remove_prefix(part.size());
  return part;
}

/// Up to four groups of texts and numbers.
std::string archive_of(std::string_view input) {
  constexpr int kMostGroups = 4;
  std::string archive;
  ArchiveWriter writer([&](std::string_view bytes) { archive += bytes; }, std::string(kHeader));
  for (int group = 0; group < kMostGroups && !input.empty(); ++group) {
    const auto kind = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    writer.begin_group(kind * 1000, kind % 2 != 0, kind / 2 % 16);
    const auto texts = part_of(input);
    writer.texts(stored(texts), static_cast<std::uint32_t>(texts.size()));
    writer.numbers(part_of(input));
    writer.end_group();
  }
  return archive;
}

bool same(const Row& a, const Row& b) {
  return a.same_layout(b) && std::equal(a.values.begin(), a.values.end(), b.values.begin(), [](double x, double y) {
           return (x != x && y != y) || std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
         });
}

void twice(std::string_view input) {
  constexpr int kMostRecords = 8;
  const auto texts = part_of(input);
  std::vector<Record> records;
  RecordReader reader(0, input, texts);
  for (int i = 0; i < kMostRecords; ++i) {
    auto record = reader.next();
    if (!record) break;
    records.push_back(std::move(*record));
  }
  std::string numbers_again;
  std::string texts_again;
  RecordWriter writer(0);
  for (const Record& record : records) writer.put(record, numbers_again, texts_again);
  numbers_again += writer.tail();
  RecordReader again(0, numbers_again, texts_again);
  for (const Record& record : records) {
    const auto read = again.next();
    require(read && read->channel == record.channel && read->at_ms == record.at_ms && read->reading == record.reading &&
            read->has_step == record.has_step && same(read->row, record.row));
    // An empty text is none.
    require(read->keyframe == record.keyframe && read->rare == record.rare);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0:
      read(std::string(kMagic).append(input));
      break;
    case 1:
      twice(input);
      break;
    default:
      read(archive_of(input));
  }
  return 0;
}
