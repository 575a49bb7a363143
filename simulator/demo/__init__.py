"""`python -m simulator.demo`: the main job on real bytes, told as it happens, judged by a process apart."""
