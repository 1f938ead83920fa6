#pragma once

#include <array>
#include <iosfwd>
#include <string>
#include <vector>

namespace bms::config::dsb {

/// What an import has to tell, by subject.
class Report {
 public:
  void taken(std::string line) { add(0, std::move(line)); }
  void differs(std::string line) { add(1, std::move(line)); }
  void default_differs(std::string line) { add(2, std::move(line)); }
  void unsupported(std::string line) { add(3, std::move(line)); }
  void not_needed(std::string line) { add(4, std::move(line)); }
  void decide(std::string line) { add(5, std::move(line)); }
  void wrong(std::string line) { add(6, std::move(line)); }

  [[nodiscard]] bool good() const { return lines_[6].empty(); }
  void write(std::ostream& out) const;

 private:
  void add(std::size_t subject, std::string line) { lines_[subject].push_back(std::move(line)); }

  std::array<std::vector<std::string>, 7> lines_;
};

}  // namespace bms::config::dsb
