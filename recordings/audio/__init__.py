"""Sound itself: containers, levels, waveforms, conversions by ffmpeg. Knows no table and no page."""
