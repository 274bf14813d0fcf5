"""Commands of RUN scripts: calls, wrappers, words and portability."""
