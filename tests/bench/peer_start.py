#!/usr/bin/env python3
"""peer_start.py FOLDER PORT: the Python driver of FOLDER outside of Venus OS, whose version files it expects."""
import os
import runpy
import sys

folder, port = sys.argv[1], sys.argv[2]
sys.path[:0] = [folder, os.path.join(folder, "ext"), os.path.join(folder, "ext", "velib_python")]
import utils  # noqa: E402  of the driver

utils.get_venus_os_version = lambda: "v3.60"
utils.get_venus_os_image_type = lambda: "normal"
utils.get_venus_os_device_type = lambda: "bench"
sys.argv = ["dbus-serialbattery.py", port]
runpy.run_path(os.path.join(folder, "dbus-serialbattery.py"), run_name="__main__")
