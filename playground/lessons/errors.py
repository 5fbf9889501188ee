"""What can be wrong with a lesson, in a sentence for its author."""

from engine.errors import EngineError


class LessonError(EngineError):
    """A lesson cannot be read, or asks for something that there is not."""
