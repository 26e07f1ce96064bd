select
    InvoiceId,
    invoice.CustomerId,
    InvoiceDate,
    BillingCity,
    Total,
    list(
        {
            'Track': track.Name,
            'Artist': artist.Name,
            'Genre': genre.Name,
            'Unit price': invoiceline.UnitPrice,
            'Quantity': invoiceline.Quantity
        }
        order by InvoiceLineId
    ) as Items
from invoice
join invoiceline using (InvoiceId)
join track using (TrackId)
join album using (AlbumId)
join artist using (ArtistId)
join genre using (GenreId)
group by all
order by InvoiceId
