from pydantic import BaseModel


class Lenient(BaseModel):
    pass
