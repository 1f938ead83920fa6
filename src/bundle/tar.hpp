#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bms::bundle {

struct File {
  std::string name;  ///< path in the archive, at most 99 bytes
  std::string content;
};

/// The files as a .tar.gz below the folder `folder`; readable by every tar. `unix_s`: their time.
std::string tar_gz(std::string_view folder, const std::vector<File>& files, std::int64_t unix_s);

}  // namespace bms::bundle
