"""Engines that find faces: packs of ONNX files, their licences, and threads to run them in."""
