#include <gmock/gmock.h>

#include "fixture.hpp"

namespace bms::config {
namespace {

using testing::HasSubstr;

std::string with_rack(std::string_view more) { return std::string(kRack) + std::string(more); }

/// kRack has four lines: what a test adds begins at line 5.
std::string after_rack(std::string_view more) { return problems(with_rack(more)); }

TEST(Problems, AllAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      problems(R"([daemon]
log_level = verbose
pol_interval = 2
[battery:rack]
driver = pakc
port = ttyUSB0
[limts]
max_charge_a = 50
[limits]
max_charge_a = fifty
)"),
      "c.ini:2: log_level: verbose: trace | debug | info | warn | error | off\n"
      "c.ini:3: pol_interval: 2: unknown key in [daemon]; did you mean poll_interval?\n"
      "c.ini:5: driver: pakc: one of: auto dbus pack shunt19 single; did you mean pack?\n"
      "c.ini:6: port: ttyUSB0: /dev/... or usb:SERIAL or path:BY-PATH, without blanks; did you mean /dev/ttyUSB0?\n"
      "c.ini:7: [limts]: unknown section; there are [battery:NAME], [daemon], [limits], [limits:NAME], [bank], "
      "[output:NAME], [remote] and [web]; did you mean [limits]?\n"
      "c.ini:10: max_charge_a: fifty: a number from 0 to 10000 A\n");
}

TEST(Problems, NothingAtAll) {
  const std::string none =
      "c.ini: at least one [battery:NAME] section; 'dbus-bms probe' finds batteries and prints it\n";
  EXPECT_EQ(problems(""), none);
  EXPECT_EQ(problems("\n; nothing\n"), none);
  EXPECT_EQ(problems("[daemon]\nlog_level = info\n"), none);
}

TEST(Problems, Lines) {
  EXPECT_EQ(after_rack("what is this\n"),
            "c.ini:5: what is this: [section], key = value, or a comment that begins with ; or #\n");
  EXPECT_EQ(after_rack("= 5\n"), "c.ini:5: = 5: [section], key = value, or a comment that begins with ; or #\n");
  EXPECT_EQ(after_rack("[web\n"), "c.ini:5: [web: a section name ends with ]\n");
  EXPECT_EQ(after_rack("[web] x = 1\n"), "c.ini:5: [web] x = 1: nothing may follow the ] of a section name\n");
  EXPECT_EQ(after_rack("[web] ; comment\n"), "");
  EXPECT_THAT(after_rack("[]\n"), HasSubstr("a section has a name"));
  EXPECT_THAT(after_rack("name = " + std::string(200, 'x') + "\n"), HasSubstr("c.ini:5: name = xxxx"));
  EXPECT_THAT(after_rack("name = " + std::string(200, 'x') + "\n"), HasSubstr("at most 197 characters in a line"));
  EXPECT_THAT(after_rack(std::string(60, 'k') + " = 1\n"), HasSubstr("a key of at most 49 characters"));
  EXPECT_THAT(after_rack("[battery:" + std::string(60, 'k') + "]\n"), HasSubstr("a section name of at most 49"));
  EXPECT_THAT(after_rack(std::string_view("name = a\0b\n", 11)),
              HasSubstr("name = a\\x00b: a line of text; there are NUL"));
  EXPECT_THAT(after_rack("name = H\xE4uschen\n"), HasSubstr("name = H\\xe4uschen: UTF-8 text"));
  EXPECT_THAT(after_rack("name = \x1B[31mred\n"), HasSubstr("name = \\x1b[31mred: UTF-8 text"));
  EXPECT_EQ(after_rack("# H\xE4uschen in a comment\n"), "");
  EXPECT_EQ(problems("log_level = info\n" + std::string(kRack)),
            "c.ini:1: log_level: info: a key belongs below a [section]\n");
}

TEST(Problems, SectionsAndKeysTwice) {
  EXPECT_EQ(after_rack("[daemon]\n[web]\n[daemon]\nlog_level = loud\n"),
            "c.ini:7: [daemon]: each section only once; it began at line 5\n"
            "c.ini:8: log_level: loud: trace | debug | info | warn | error | off\n");
  EXPECT_EQ(after_rack("port = /dev/ttyUSB1\n"),
            "c.ini:5: port: /dev/ttyUSB1: each key only once in a section; it stands at line 3 already\n");
}

TEST(Problems, SectionNames) {
  EXPECT_THAT(after_rack("[batery:two]\n"), HasSubstr("c.ini:5: [batery:two]: unknown section"));
  EXPECT_THAT(after_rack("[batery:two]\n"), HasSubstr("did you mean [battery:two]?"));
  EXPECT_THAT(after_rack("[battery]\n"), HasSubstr("did you mean [battery:NAME]?"));
  EXPECT_THAT(after_rack("[Web]\n"), HasSubstr("did you mean [web]?"));
  EXPECT_THAT(after_rack("[battery:]\n"), HasSubstr("[battery:]: battery:NAME with a name"));
  EXPECT_THAT(after_rack("[battery: b]\n"), HasSubstr("no blank behind the colon"));
  EXPECT_THAT(after_rack("[output:a,b]\n"), HasSubstr("a name without commas"));
  EXPECT_THAT(after_rack("[battery:bank]\ndriver = auto\nport = /dev/x\n"), HasSubstr("[battery:bank]: another name"));
  EXPECT_THAT(after_rack("[something]\n"), HasSubstr("unknown section"));
}

TEST(Problems, NamesThatAreOneService) {
  EXPECT_EQ(after_rack("[battery:a-b]\ndriver = pack\nport = /dev/a\n[battery:a_b]\ndriver = pack\nport = /dev/b\n"),
            "c.ini:8: [battery:a_b]: another name: as a service it is dbusbms_a_b, like [battery:a-b]\n");
  EXPECT_EQ(after_rack("[battery:rack_2]\ndriver = pack\nport = /dev/a\n"),
            "c.ini:5: [battery:rack_2]: another name: as a service it is dbusbms_rack_2, like [battery:rack]\n");
}

TEST(Problems, Values) {
  const auto value = [](std::string_view line) { return after_rack(line); };
  EXPECT_EQ(value("baud = 9601\n"),
            "c.ini:5: baud: 9601: 1200 2400 4800 9600 19200 38400 57600 115200 230400 460800 921600\n");
  EXPECT_THAT(value("baud = -9600\n"), HasSubstr("1200 2400"));
  EXPECT_THAT(value("baud = 0\n"), HasSubstr("1200 2400"));
  EXPECT_EQ(value("cells = 0\n"), "c.ini:5: cells: 0: a whole number from 1 to 64\n");
  EXPECT_EQ(value("cells = 16.5\n"), "c.ini:5: cells: 16.5: a whole number from 1 to 64\n");
  EXPECT_EQ(value("capacity = 280Ah\n"), "c.ini:5: capacity: 280Ah: a number from 0.1 to 100000 Ah\n");
  EXPECT_THAT(value("capacity = nan\n"), HasSubstr("a number from"));
  EXPECT_THAT(value("capacity = inf\n"), HasSubstr("a number from"));
  EXPECT_THAT(value("capacity = 1e9999\n"), HasSubstr("a number from"));
  EXPECT_THAT(value("capacity = 280,5\n"), HasSubstr("a number from"));
  EXPECT_EQ(value("poll_interval = 0\n"), "c.ini:5: poll_interval: 0: a number from 0.1 to 3600 s\n");
  EXPECT_EQ(value("identity = serail\n"), "c.ini:5: identity: serail: serial | section; did you mean serial?\n");
  EXPECT_EQ(value("name =\n"), "c.ini:5: name: (empty): text of at most 64 bytes\n");
  EXPECT_EQ(value("name = ; nothing\n"), "c.ini:5: name: (empty): text of at most 64 bytes\n");
  EXPECT_THAT(value("name = " + std::string(65, 'x') + "\n"), HasSubstr("text of at most 64 bytes"));
  EXPECT_EQ(value("invert_current = maybe\n"), "c.ini:5: invert_current: maybe: yes or no\n");
  EXPECT_EQ(value("delay = 101\n"), "c.ini:5: delay: 101: a number from 1 to 100\n");
  EXPECT_EQ(value("invert_curent = yes\n"),
            "c.ini:5: invert_curent: yes: unknown key in [battery:rack]; did you mean invert_current?\n");
  EXPECT_EQ(value("[daemon]\nstate_dir = data\n"), "c.ini:6: state_dir: data: the absolute path of a directory\n");
}

TEST(Problems, KeysOfOtherDrivers) {
  EXPECT_EQ(problems("[battery:a]\ndriver = shunt19\nport = /dev/a\ninvert_current = yes\n"),
            "c.ini:4: invert_current: yes: unknown key in [battery:a]\n");
  // With a misspelt driver nobody knows whose key it is: one message is enough.
  EXPECT_EQ(problems("[battery:a]\ndriver = pakk\nport = /dev/a\ninvert_current = yes\n"),
            "c.ini:2: driver: pakk: one of: auto dbus pack shunt19 single; did you mean pack?\n");
}

TEST(Problems, MandatoryKeys) {
  EXPECT_EQ(
      problems("[battery:a]\n"),
      "c.ini:1: driver: (missing): one of: auto dbus pack shunt19 single\n"
      "c.ini:1: port: (missing): mandatory: /dev/..., usb:SERIAL or path:BY-PATH ('dbus-bms ports' lists them)\n");
  EXPECT_EQ(problems("[battery:a]\ndriver = single\nport = /dev/a\n"),
            "c.ini:1: cells: (missing): mandatory for driver single: the number of cells in series\n"
            "c.ini:1: capacity: (missing): mandatory for driver single: the capacity in Ah\n");
  EXPECT_EQ(after_rack("service = com.victronenergy.battery.ttyS5\n"),
            "c.ini:5: service: com.victronenergy.battery.ttyS5: only for driver = dbus\n");
  for (const auto* service : {"battery.ttyS5", "com.victronenergy.battery.", "com.victronenergy.battery.a..b",
                              "com.victronenergy.battery.a b", "com.victronenergy.battery.a."}) {
    EXPECT_THAT(problems("[battery:a]\ndriver = dbus\nservice = " + std::string(service) + "\n"),
                HasSubstr("a name such as com.victronenergy.battery.ttyS5"))
        << service;
  }
}

TEST(Problems, Ports) {
  for (const auto* port : {"ttyUSB0", "usb:", "path:", "/", "serial:1", "/dev/tty USB0"}) {
    EXPECT_THAT(problems("[battery:a]\ndriver = pack\nport = " + std::string(port) + "\n"),
                HasSubstr(": /dev/... or usb:SERIAL or path:BY-PATH"))
        << port;
  }
  for (const auto* port : {"/dev/ttyUSB0", "usb:A50285BI", "path:pci-0000:00:14.0-usb-0:1:1.0-port0", "/dev/pts/3"}) {
    EXPECT_EQ(problems("[battery:a]\ndriver = pack\nport = " + std::string(port) + "\n"), "") << port;
  }
}

TEST(Problems, Addresses) {
  EXPECT_EQ(problems("[battery:a]\ndriver = pack\nport = /dev/a\naddress = 1, 16\n"),
            "c.ini:4: address: 1, 16: driver pack: 0 to 15\n");
  EXPECT_EQ(problems("[battery:a]\ndriver = shunt19\nport = /dev/a\naddress = 1\n"),
            "c.ini:4: address: 1: driver shunt19 has no addresses: leave this line out\n");
  for (const auto* list : {"1, 1", "1, 0x01", "1,", "one", "-1", "0x", "1 2"}) {
    EXPECT_THAT(problems("[battery:a]\ndriver = pack\nport = /dev/a\naddress = " + std::string(list) + "\n"),
                HasSubstr("different whole numbers such as 1 or 0x01, separated by commas"))
        << list;
  }
}

TEST(Problems, OneAddressTwiceOnOneCable) {
  EXPECT_EQ(after_rack("[battery:b]\ndriver = pack\nport = /dev//./ttyUSB0\naddress = 0x02, 3\n"),
            "c.ini:8: address: 0x02, 3: two batteries on one cable need different addresses; this one shares address 2 "
            "on /dev/ttyUSB0 with [battery:rack]\n");
  EXPECT_EQ(after_rack("[battery:b]\ndriver = shunt19\nport = /dev/ttyUSB0\n"),
            "c.ini:7: port: /dev/ttyUSB0: two batteries on one cable need different addresses; this one shares on "
            "/dev/ttyUSB0 with [battery:rack]\n");
  EXPECT_EQ(
      after_rack("[battery:b]\ndriver = pack\nport = /dev/ttyUSB0\naddress = 3\nbaud = 9600\n"),
      "c.ini:9: baud: 9600: 115200 as for [battery:rack]: batteries on one cable need one rate, this one has 9600\n");
  EXPECT_EQ(after_rack("[battery:b]\ndriver = pack\nport = /dev/ttyUSB0\naddress = 3\n"), "");
  EXPECT_EQ(after_rack("[battery:b]\ndriver = pack\nport = /dev/ttyUSB1\naddress = 1\n"), "");
}

TEST(Problems, References) {
  EXPECT_EQ(after_rack("soc_from = shnt\n[battery:shunt]\ndriver = shunt19\nport = /dev/s\n"),
            "c.ini:5: soc_from: shnt: the name of another battery; did you mean shunt?\n");
  EXPECT_EQ(after_rack("soc_from = rack_1\n"),
            "c.ini:5: soc_from: rack_1: the name of another battery, not of this one\n");
  EXPECT_EQ(after_rack("[battery:b]\ndriver = pack\nport = /dev/b\nsoc_from = rack\n"),
            "c.ini:8: soc_from: rack: one battery; rack has 2 addresses; did you mean rack_1?\n");
  EXPECT_EQ(after_rack("current_from = s\n[battery:s]\ndriver = shunt19\nport = /dev/s\n"),
            "c.ini:5: current_from: s: only where one battery is meant; several on one shunt: [bank] soc_from\n");
  const std::string ring = problems(
      "[battery:a]\ndriver = pack\nport = /dev/a\nsoc_from = b\n[battery:b]\ndriver = pack\nport = /dev/b\nsoc_from = "
      "a\n");
  EXPECT_THAT(ring, HasSubstr("c.ini:4: soc_from: b: a battery that measures itself; b has soc_from as well\n"));
  EXPECT_THAT(ring, HasSubstr("c.ini:8: soc_from: a: a battery that measures itself; a has soc_from as well\n"));
}

TEST(Problems, Bank) {
  EXPECT_EQ(after_rack("[bank]\nmembers = rack_1, rakc\n"),
            "c.ini:6: members: rack_1, rakc: there is no battery rakc; did you mean rack?\n");
  EXPECT_EQ(after_rack("[bank]\nmembers = rack, rack_1\n"),
            "c.ini:6: members: rack, rack_1: each battery once; rack_1 is there twice\n");
  EXPECT_EQ(after_rack("[bank]\nsoc_from = wheighted\n"),
            "c.ini:6: soc_from: wheighted: weighted, minimum, or the name of a battery; did you mean weighted?\n");
  EXPECT_EQ(after_rack("[bank]\nsoc_from = rack\n"),
            "c.ini:6: soc_from: rack: one battery; rack has 2 addresses; did you mean rack_1?\n");
  EXPECT_EQ(after_rack("[bank]\nseries = 3\n"),
            "c.ini:6: series: 3: a number that divides the 2 batteries of the bank into full strings\n");
  EXPECT_THAT(after_rack("[bank]\nseries = 0\n"), HasSubstr("c.ini:6: series: 0: a whole number from 1 to 64"));
  EXPECT_EQ(problems("[battery:s]\ndriver = shunt19\nport = /dev/s\n[bank]\nenabled = yes\n"),
            "c.ini:5: enabled: yes: auto or no: there is no battery that could be a member\n");
}

TEST(Problems, Outputs) {
  EXPECT_EQ(after_rack("[output:a]\n"),
            "c.ini:5: function: (missing): mandatory: load-disconnect | charge-disconnect | pre-alarm\n"
            "c.ini:5: target: (missing): mandatory: relay:N or gpio:CHIP:LINE\n");
  for (const auto* target : {"relay", "relay:", "relay:x", "gpio:1", "gpio::1", "gpio:a:b:1", "dbus", "relay:-1"}) {
    EXPECT_THAT(after_rack("[output:a]\nfunction = pre-alarm\ntarget = " + std::string(target) + "\n"),
                HasSubstr("c.ini:7: target: " + std::string(target) + ": relay:N or gpio:CHIP:LINE"))
        << target;
  }
  EXPECT_EQ(after_rack("[output:a]\nfunction = load-disconnect\ntarget = relay:0\nform = intermittent\n"
                       "[output:b]\nfunction = pre-alarm\ntarget = relay:0\nbattery = rack_3\n"),
            "c.ini:8: form: intermittent: only for function = pre-alarm\n"
            "c.ini:11: target: relay:0: a line of its own; [output:a] has this one\n"
            "c.ini:12: battery: rack_3: bank or the name of one battery; did you mean rack_1?\n");
  EXPECT_EQ(after_rack("[bank]\nenabled = no\n[output:a]\nfunction = pre-alarm\ntarget = relay:0\n"),
            "c.ini:7: battery: (missing): mandatory where there are several batteries and no bank\n");
  EXPECT_EQ(after_rack("[output:a]\nfunction = pre-alarm\ntarget = gpio:c:1\n[remote]\nsource = gpio:c:1\n"),
            "c.ini:9: source: gpio:c:1: a line of its own; [output:a] has this one\n");
}

TEST(Problems, Web) {
  for (const auto* listen :
       {"8088", "localhost:8088", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:80", "[x]:1"}) {
    EXPECT_THAT(after_rack("[web]\nlisten = " + std::string(listen) + "\n"), HasSubstr("off or ADDRESS:PORT"))
        << listen;
  }
  EXPECT_THAT(after_rack("[web]\nlisten = 0.0.0.0:80\n"),
              HasSubstr("c.ini:5: token: (missing): mandatory where others"));
  EXPECT_EQ(after_rack("[web]\nlisten = 0.0.0.0:80\ntoken = 0123456789\n"), "");
  EXPECT_EQ(after_rack("[web]\nlisten = 0.0.0.0:80\ntoken = s3cr3t\n"),
            "c.ini:7: token: (not shown): 8 to 128 characters without blanks\n");
}

}  // namespace
}  // namespace bms::config
