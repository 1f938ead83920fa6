#include "bms/extras.hpp"

namespace bms {

Extras Extras::later(std::function<Map()> make) {
  Extras extras;
  extras.content_ = std::make_shared<Content>(Content{std::move(make), {}});
  return extras;
}

Extras Extras::with(Extras more) const {
  if (!more.content_) return *this;
  return later([these = *this, more = std::move(more)] {
    Map all = these.map();
    all.insert(more.begin(), more.end());
    return all;
  });
}

const Extras::Map& Extras::map() const {
  static const Map kNone;
  if (!content_) return kNone;
  if (content_->make) content_->map = std::exchange(content_->make, {})();
  return content_->map;
}

Extras::Map& Extras::own() {
  const Map& known = map();
  if (content_.use_count() != 1) content_ = std::make_shared<Content>(Content{{}, known});
  return content_->map;
}

}  // namespace bms
