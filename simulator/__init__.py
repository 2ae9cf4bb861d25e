"""A street with exact truth, served as a file, an RTSP camera or an ESP32-CAM; no part of production."""
