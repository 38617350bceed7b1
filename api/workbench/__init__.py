"""The workbench: one page to look at blocks, correct them, train and compare."""
