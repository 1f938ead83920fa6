#!/usr/bin/env python3
"""com.victronenergy.settings as far as a Python battery driver needs it. A stand-in for tests/bench/peer.sh."""
import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

ITEM = "com.victronenergy.BusItem"


class Item(dbus.service.Object):
    def __init__(self, bus, path, value):
        super().__init__(bus, path)
        self.value = value

    @dbus.service.method(ITEM, out_signature="v")
    def GetValue(self):
        return self.value

    @dbus.service.method(ITEM, out_signature="s")
    def GetText(self):
        return str(self.value)

    @dbus.service.method(ITEM, in_signature="v", out_signature="i")
    def SetValue(self, value):
        self.value = value
        self.PropertiesChanged({"Value": value, "Text": str(value)})
        return 0

    @dbus.service.signal(ITEM, signature="a{sv}")
    def PropertiesChanged(self, changes):
        pass


class Settings(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/")
        self.bus = bus
        self.items = {}

    @dbus.service.method("com.victronenergy.Settings", in_signature="aa{sv}", out_signature="aa{sv}")
    def AddSettings(self, wanted):
        answers = []
        for setting in wanted:
            path = str(setting["path"])
            if path not in self.items:
                self.items[path] = Item(self.bus, path, setting["default"])
            answers.append({"error": dbus.Int32(0), "path": path, "value": self.items[path].value})
        return answers


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
session = dbus.SessionBus()
name = dbus.service.BusName("com.victronenergy.settings", session)
settings = Settings(session)
GLib.MainLoop().run()
