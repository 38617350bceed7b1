// The keys that work in the list of blocks, in words.

export const SHORTCUTS = [
  [["↑", "↓"], "the block before, the block after"],
  [["Shift", "↑ ↓"], "select up to there"],
  [["Space"], "add the block to the selection, or take it away"],
  [["Ctrl", "A"], "select all"],
  [["N"], "the next block that the model is unsure of"],
  [["P"], "the one before"],
  [["letter", "1 – 9"], "give the label with this letter, or number in the list of labels"],
  [["S"], "split the block: ← → move the cut by a word, with Shift by a character; Enter cuts"],
  [["J"], "join the selected blocks, or the block with the next"],
  [["Ctrl", "Z"], "undo; with Shift, or Ctrl Y, redo"],
  [["Ctrl", "S"], "save the labels"],
  [["Ctrl", "Enter"], "page done: save, and go to the next of the queue"],
  [["Home", "End", "Page ↑ ↓"], "first, last, ten blocks on or back"],
  [["Esc"], "leave the split, or select the block alone"],
];
