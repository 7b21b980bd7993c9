"""Labelled images to train and to test segmenters on: finding, checking, splitting, reading."""
