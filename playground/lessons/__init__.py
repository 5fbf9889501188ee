"""Lessons: text, questions and goals about the learner's own network. No Qt; nothing that is opened can run code."""
