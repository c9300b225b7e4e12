// Which channels of a recording are meant: the list of --signals.
//
//   Selection selection = Selection::parse("ecg,ppg,abp?");
//   Selection::Choice choice = selection.choose(labels_of(recording));
//   if (choice.reason.empty()) use(choice.channels); else count(choice.reason);   // "no_ppg"
//
// Items, separated by commas: `all`; a kind (`ecg`: its preferred channel, for ECG lead II, then MLII, then the first);
// `kind:all`; a name (`PLETH`, by the alias table); a position (`#0`). `?` after an item makes it optional. Channels
// come in the order of the list, each once. parse throws kUsage for an empty item.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/recording.h"
#include "stream/segment.h"

namespace cfm::record {

struct ChannelLabel {
  std::string name, unit, kind;
  double fs = 0;  // Hz
};

std::vector<ChannelLabel> labels_of(const format::Recording& recording);
// Channels of a segment's recorded signals (not of predicted and reference waveforms), and where each is.
std::vector<ChannelLabel> labels_of(const stream::Segment& segment, std::vector<stream::ChannelRef>& where);

class Selection {
 public:
  struct Choice {
    std::vector<std::size_t> channels;
    std::string reason;  // why the recording is not selected: "no_ppg"; empty when it is
  };

  static Selection parse(std::string_view text);
  Choice choose(std::span<const ChannelLabel> channels) const;
  const std::string& text() const { return text_; }

 private:
  struct Item {
    std::string text;
    bool every = false, optional = false;
    int position = -1;
  };
  static std::vector<std::size_t> matches(const Item& item, std::span<const ChannelLabel> channels);
  std::string text_;
  std::vector<Item> items_;
};

// What signals an input has: the table of --list-signals.
class SignalList {
 public:
  void add(const std::string& record, std::span<const ChannelLabel> channels);
  std::string csv() const;      // name,kind,rate,count: records that have such a channel
  std::string summary() const;  // "II (ecg), PLETH (ppg)", for messages
  bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    ChannelLabel label;
    std::size_t records = 0;
    std::string last;  // record
  };
  std::vector<Row> rows_;
};

}  // namespace cfm::record
