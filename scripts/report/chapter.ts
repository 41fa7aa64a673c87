/** A chapter as terminal and page show it. Titles of columns with numbers begin with #. */
export interface ChapterText {
  title: string;
  columns: string[];
  rows: string[][];
  notes: string[];
}
