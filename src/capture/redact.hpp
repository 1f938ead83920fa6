#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace bms {

/// A capture as its driver lets it be handed on: without passwords and PINs, also where another tool recorded it.
/// Comments go, headers stay. The error says why it cannot be cleaned, and then nobody should hand it on.
tl::expected<std::string, std::string> redacted_capture(std::string_view text, std::string_view file);

}  // namespace bms
