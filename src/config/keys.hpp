#pragma once

#include <span>

#include "config/schema.hpp"

/// The keys of each section, for schema.cpp.
namespace bms::config {

std::span<const Key<Daemon>> daemon_keys();
std::span<const Key<Battery>> battery_keys();
std::span<const Key<Bank>> bank_keys();
std::span<const Key<Output>> output_keys();
std::span<const Key<Remote>> remote_keys();
std::span<const Key<Web>> web_keys();

/// Rates that every serial port driver of Linux knows.
bool usual_baud(unsigned baud);
/// "127.0.0.1" or "::1" and the like.
bool loopback(std::string_view host);

}  // namespace bms::config
