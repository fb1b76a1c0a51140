"""One module per source of evidence, each a function `detect`: see `model.Detector`."""
