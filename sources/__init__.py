"""Where pictures come from: cameras, files, stills. Each implements `pipeline.frame.FrameSource`."""
