"""The journal's torture: processes killed, files cut, bits turned, disks that fail, clocks that jump, neighbours."""
