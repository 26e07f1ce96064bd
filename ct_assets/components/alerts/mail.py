"""Mail sends alerts by SMTP; Dagster has no resource for it."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Literal

from pydantic import Field

from ct_assets.clevertap.destination import is_loopback
from ct_assets.components.alerts.alert import Alert
from ct_assets.components.alerts.channel import AlertChannel, AlertError


class Mail(AlertChannel):
    """Mails to people which sync needs one."""

    host: str = Field(description="The mail server.")
    to: list[str] = Field(description="Addresses that are told.")
    sender: str = Field(description="The address in `From`.")
    user: str = Field(default="", description="Left out: no login.")
    password: str = Field(default="", repr=False, description="A dg.EnvVar.")
    security: Literal["ssl", "starttls", "none"] = Field(
        default="ssl", description="`none` is for a server on this machine alone."
    )
    port: int | None = Field(default=None, description="Left out: 465, or 587 with `starttls`.")
    seconds: float = Field(default=10, description="How long an answer may take.")

    def send(self, alert: Alert) -> None:
        if self.security == "none" and not is_loopback(self.host):
            raise AlertError(f"security is none, and {self.host} is not this machine")
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = (
            self.sender,
            ", ".join(self.to),
            f"[{alert.severity}] {alert.title}",
        )
        message.set_content(f"{alert.text}\n")
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:  # its texts may have addresses
            kind = type(error).__name__
            raise AlertError(f"{self.host} did not take the mail ({kind}); it is lost") from None

    def _connected(self) -> smtplib.SMTP:
        if self.security == "ssl":
            safe = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port or 465, timeout=self.seconds, context=safe)
        server = smtplib.SMTP(self.host, self.port or 587, timeout=self.seconds)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server
