#include "bundle/tar.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <new>
#include <stdexcept>

namespace bms::bundle {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestName = 99;

/// The header of POSIX.1-1988 (ustar): fields of octal text at fixed places, the sum over it counted with blanks in its
/// own place.
std::string header(const std::string& name, std::size_t size, std::int64_t unix_s) {
  if (name.size() > kLongestName) throw std::invalid_argument(name + ": too long a name");
  std::string block(kBlock, '\0');
  const auto put = [&block](std::size_t at, std::string_view text) { text.copy(block.data() + at, text.size()); };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, fmt::format("{:011o}", size));
  put(136, fmt::format("{:011o}", unix_s < 0 ? 0 : unix_s));
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  return block;
}

std::string gzip(const std::string& raw) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, raw.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::bad_alloc();
  return out;
}

}  // namespace

std::string tar_gz(std::string_view folder, const std::vector<File>& files, std::int64_t unix_s) {
  std::string tar;
  for (const File& file : files) {
    tar += header(fmt::format("{}/{}", folder, file.name), file.content.size(), unix_s);
    tar += file.content;
    tar.append((kBlock - file.content.size() % kBlock) % kBlock, '\0');
  }
  tar.append(2 * kBlock, '\0');
  return gzip(tar);
}

}  // namespace bms::bundle
