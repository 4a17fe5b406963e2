"""The tour through the museum, made for voice 1."""

import stand
import voice

print(voice.say("good morning"), flush=True)
stand.serve(lambda word: f"tour: {voice.say(word)}")
