"""`make bench`: every measurement once more, rows appended to benchmarks/results."""

from benchmarks import chapters, first_output

if __name__ == "__main__":
    first_output.main()
    chapters.main()
