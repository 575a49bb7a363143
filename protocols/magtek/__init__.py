"""MagTek encrypting card readers: their HID report, to be read; no vault takes it yet."""
