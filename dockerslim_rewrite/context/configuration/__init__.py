"""Configuration files of the context, read by real readers: which paths do they tell a program to write?"""
